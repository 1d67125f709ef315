// What the browser keeps of ours on its disk.

/** The items that the browser keeps for later. */
export const onDisk = (browser) =>
  browser.run(async () => {
    // To open a database that is not there is to make one without what the SDK makes in it.
    if (!(await indexedDB.databases()).some(({ name }) => name === "gp")) return [];
    return new Promise((done, fail) => {
      const opening = indexedDB.open("gp");
      opening.onerror = fail;
      opening.onsuccess = () => {
        const all = opening.result.transaction("outbox").objectStore("outbox").getAll();
        all.onsuccess = () => {
          opening.result.close();
          done(all.result);
        };
      };
    });
  });
