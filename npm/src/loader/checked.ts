/**
 * Imports a chunk of ours with these bytes or not at all.
 *
 * `import()` takes no hash, but takes a module that a link has loaded before it, or has failed to.
 * The link needs the nonce that a policy gave the snippet, as the loader's own link has it.
 */
export const checked = (chunk: string, integrity: string): Promise<any> => {
  const href = new URL(chunk, import.meta.url).href;
  const own = document.querySelector<HTMLLinkElement>(`link[href="${import.meta.url}"]`);
  document.head.append(
    Object.assign(document.createElement("link"), { rel: "modulepreload", href, integrity, nonce: own?.nonce ?? "" }),
  );
  return import(href);
};
