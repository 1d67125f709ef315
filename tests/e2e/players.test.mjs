// What a page can see of videos: its own, and those in players of others.

import assert from "node:assert/strict";
import { asking, enter, hasLoaded, loads, pause } from "./asking.mjs";
import { page } from "./page.mjs";
import { play, visit } from "./shop.mjs";

const VIDEOS = asking(
  { id: "play", when: { media: "play" } },
  { id: "wanted", when: { media: "play", and: [{ property: "autoplay", exists: false }, { property: "loop", exists: false }] } },
  { id: "half", when: { media: { progress: 50 } }, count: "once_per_session", dedup: "video" },
  { id: "end", when: { media: "complete" } },
);

visit("a video that the page plays by itself, muted and for ever, can be told apart", { plan: VIDEOS }, async ({ shop, browser }) => {
  shop.wire.serve(
    "/hero/",
    page('<video id="hero" src="/video/walk.webm" autoplay muted loop playsinline width="320"></video>'),
  );
  await enter(shop, browser, "/hero/");
  await shop.converted("play", 1);
  await shop.converted("half", 1);
  await pause(1_000);
  await shop.settled(browser);
  await shop.converted("play", 1);
  await shop.converted("half", 1);
  await shop.converted("wanted", 0);
  await shop.converted("end", 0);
  const properties = await shop.value("SELECT body ->> '$.properties' FROM observations WHERE kind = 'media'");
  assert.deepEqual(JSON.parse(properties), { autoplay: true, loop: true });
});

/** A browser that is slow to tell that a video plays; it tells once the page asks for it. */
const LATE = `{
  const tell = (event) => {
    event.stopImmediatePropagation();
    window.tellNow = () => {
      removeEventListener("play", tell, true);
      event.target.dispatchEvent(new Event("play"));
    };
  };
  addEventListener("play", tell, true);
}`;

visit("a video that plays before the browser tells of it is played once", { plan: VIDEOS }, async ({ shop, browser }) => {
  const video = '<video id="walk" src="/video/walk.webm" autoplay muted loop playsinline width="320"></video>';
  shop.wire.serve("/late/", page(video, LATE));
  shop.wire.hold(/sdk\.js/);
  await browser.go(shop.at("/late/"));
  await browser.until(() => document.getElementById("walk").played.length > 0, "the video to play");
  shop.wire.release();
  await shop.converted("play", 1);
  await browser.run(() => window.tellNow());
  await shop.settled(browser);
  await shop.converted("play", 1);
  await browser.run(async () => {
    const video = document.getElementById("walk");
    video.pause();
    await new Promise((done) => video.addEventListener("pause", done, { once: true }));
    await video.play();
  });
  await shop.settled(browser);
  await shop.converted("play", 2);
});

/** A browser that has told that a video plays, and is slow to say how much of it was. */
const SLOW = `{
  const { get } = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "played");
  Object.defineProperty(HTMLMediaElement.prototype, "played", {
    get() { return window.isSlow === false ? get.call(this) : document.createElement("video").buffered; },
  });
}`;

visit("a video that has begun, and of which nothing was played yet, is played once", { plan: VIDEOS }, async ({ shop, browser }) => {
  shop.wire.serve("/slow/", page('<video id="walk" src="/video/walk.webm" autoplay muted loop playsinline width="320"></video>', SLOW));
  shop.wire.hold(/sdk\.js/);
  await browser.go(shop.at("/slow/"));
  await browser.until(() => !document.getElementById("walk").paused, "the video to play");
  shop.wire.release();
  await shop.converted("play", 1);
  await browser.run(() => {
    window.isSlow = false;
  });
  await shop.converted("half", 1);
  await shop.settled(browser);
  await shop.converted("play", 1);
});

/** A player as YouTube's and Vimeo's are from outside: it tells nobody who has not asked. */
const PLAYER = `<!doctype html><title>A player</title><script>
  const told = [];
  let asked = false;
  addEventListener("message", ({ data }) => { told.push(JSON.parse(data)); asked = true; });
  window.told = told;
  window.tell = (message) => { if (asked) parent.postMessage(JSON.stringify(message), "*"); };
</script>`;

const tell = (browser, frame, messages) =>
  browser.run(
    async (frame, messages) => {
      const player = document.querySelector(frame).contentWindow;
      while (!player.told?.length) await new Promise((done) => setTimeout(done, 50));
      for (const message of messages) player.tell(message);
    },
    frame,
    messages,
  );

const range = (from, to) => Array.from({ length: to - from + 1 }, (_, at) => from + at);

visit("a player of YouTube's tells by its own messages", { plan: VIDEOS }, async ({ shop, browser }) => {
  shop.wire.serve("/player/youtube.com/embed/dGVzdA", PLAYER);
  shop.wire.serve(
    "/film/",
    page('<iframe id="film" src="/player/youtube.com/embed/dGVzdA?enablejsapi=1"></iframe>'),
  );
  await enter(shop, browser, "/film/");
  await loads(browser, "embeds.js");
  const at = (currentTime) => ({ event: "infoDelivery", info: { currentTime } });
  await tell(browser, "#film", [
    { event: "initialDelivery", info: { playerState: -1, duration: 100, currentTime: 0 } },
    { event: "onReady", info: null },
    { event: "onStateChange", info: 3 },
    { event: "infoDelivery", info: { playerState: 1, currentTime: 0 } },
    { event: "onStateChange", info: 1 },
    ...range(1, 40).map(at),
    // What is skipped was not watched, and what is watched again was watched already.
    at(90), at(91), at(10), ...range(11, 40).map(at),
  ]);
  await shop.settled(browser);
  await shop.converted("play", 1);
  await shop.converted("wanted", 1);
  await shop.converted("half", 0);
  await tell(browser, "#film", [
    ...range(41, 50).map(at),
    { event: "onStateChange", info: 2 },
    { event: "onStateChange", info: 1 },
    { event: "infoDelivery", info: { playerState: 0, currentTime: 100 } },
    { event: "onStateChange", info: 0 },
  ]);
  await shop.settled(browser);
  await shop.converted("half", 1);
  await shop.converted("play", 2);
  await shop.converted("end", 1);
  const [asked] = await browser.run(() => document.querySelector("#film").contentWindow.told);
  assert.deepEqual(asked, { event: "listening", id: 1, channel: "widget" });
  assert.equal(await shop.value("SELECT DISTINCT body ->> 'video' FROM observations WHERE kind = 'media'"), "dGVzdA");
});

visit("a player of Vimeo's that comes later tells by its own messages", { plan: VIDEOS }, async ({ shop, browser }) => {
  shop.wire.serve("/player.vimeo.com/video/7", PLAYER);
  shop.wire.serve("/film/", page("<main></main>"));
  await enter(shop, browser, "/film/");
  assert.equal(await hasLoaded(browser, "embeds.js"), false);
  const add = (query) =>
    browser.run((src) => {
      const frame = document.createElement("iframe");
      frame.src = src;
      document.querySelector("main").replaceChildren(frame);
    }, `/player.vimeo.com/video/7${query}`);
  const at = (event, seconds) => ({ event, data: { seconds, duration: 20 } });
  await add("");
  await loads(browser, "embeds.js");
  const film = [
    { event: "ready" }, at("play", 0), ...range(0, 20).map((second) => at("timeupdate", second)), at("pause", 20), at("ended", 20),
  ];
  await tell(browser, "iframe", film.filter(({ event }) => event !== "pause"));
  await shop.settled(browser);
  await shop.converted("play", 1);
  await shop.converted("half", 1);
  await shop.converted("end", 1);
  const asked = await browser.run(() => document.querySelector("iframe").contentWindow.told);
  assert.deepEqual(
    [...new Set(asked.map(({ method, value }) => `${method} ${value}`))],
    ["addEventListener play", "addEventListener pause", "addEventListener ended", "addEventListener timeupdate"],
  );

  await add("?background=1");
  await pause(700);
  await tell(browser, "iframe", [...film, ...film]);
  await shop.settled(browser);
  await shop.converted("play", 2);
  await shop.converted("wanted", 1);
  await shop.converted("end", 1);
});

/** Asserts what was told of videos, in order, as soon as it is that much: `walk play`, `walk 50`, `walk complete`. */
const told = async (shop, browser, ...expected) => {
  await shop.observed(expected.length, "kind = 'media'");
  await shop.settled(browser);
  const rows = await shop.rows(
    "SELECT body ->> 'video' AS video, body ->> 'step' AS step, body ->> 'percent' AS percent FROM observations WHERE kind = 'media' ORDER BY seq",
  );
  assert.deepEqual(rows.map(({ video, step, percent }) => `${video} ${percent ?? step}`), expected);
};

/** Gives a player's frame another address, and waits until that is there. */
const swap = (browser, frame, src) =>
  browser.run(
    (frame, src) => {
      const player = document.querySelector(frame);
      const loaded = new Promise((done) => player.addEventListener("load", done, { once: true }));
      player.src = src;
      return loaded.then(() => {});
    },
    frame,
    src,
  );

visit("each video that one player of YouTube's plays after the other is told under its own name", { plan: VIDEOS }, async ({ shop, browser }) => {
  const address = (video) => `/player/youtube.com/embed/${video}`;
  for (const video of ["first", "second"]) shop.wire.serve(address(video), PLAYER);
  shop.wire.serve("/film/", page(`<iframe id="film" src="${address("first")}?enablejsapi=1"></iframe>`));
  await enter(shop, browser, "/film/");
  await loads(browser, "embeds.js");
  const state = (playerState) => ({ event: "onStateChange", info: playerState });
  const watched = (from, to) => [
    { event: "infoDelivery", info: { playerState: 1, duration: 100, currentTime: from } },
    ...range(from + 1, to).map((currentTime) => ({ event: "infoDelivery", info: { currentTime } })),
  ];
  await tell(browser, "#film", watched(0, 40));
  await told(shop, browser, "first play");
  await swap(browser, "#film", `${address("second")}?enablejsapi=1`);
  await tell(browser, "#film", watched(40, 70));
  // Seconds of one are none of the other's.
  await told(shop, browser, "first play", "second play");
  await tell(browser, "#film", [...watched(0, 20), state(0)]);
  const begun = ["first play", "second play", "second 50", "second complete"];
  await told(shop, browser, ...begun);
  await swap(browser, "#film", `${address("first")}?enablejsapi=1`);
  await tell(browser, "#film", watched(0, 60));
  await told(shop, browser, ...begun, "first play", "first 50");
  await swap(browser, "#film", `${address("second")}?enablejsapi=1`);
  await tell(browser, "#film", watched(0, 60));
  await told(shop, browser, ...begun, "first play", "first 50", "second play");
  await shop.converted("half", 2);
});

visit("each video that one player of Vimeo's plays after the other is told under its own name", { plan: VIDEOS }, async ({ shop, browser }) => {
  for (const video of [7, 8]) shop.wire.serve(`/player.vimeo.com/video/${video}`, PLAYER);
  shop.wire.serve("/film/", page('<iframe id="film" src="/player.vimeo.com/video/7?autoplay=1&muted=1"></iframe>'));
  await enter(shop, browser, "/film/");
  await loads(browser, "embeds.js");
  const at = (event, seconds) => ({ event, data: { seconds, duration: 20 } });
  const film = [at("play", 0), ...range(0, 20).map((second) => at("timeupdate", second)), at("ended", 20)];
  await tell(browser, "#film", film);
  await told(shop, browser, "7 play", "7 50", "7 complete");
  await swap(browser, "#film", "/player.vimeo.com/video/8");
  await tell(browser, "#film", film);
  await told(shop, browser, "7 play", "7 50", "7 complete", "8 play", "8 50", "8 complete");
  await shop.converted("wanted", 1);
  await shop.converted("half", 2);
});

visit("a player that is loaded long after the page, and slow to listen, is heard", { plan: VIDEOS }, async ({ shop, browser }) => {
  const slow = PLAYER.replace(/addEventListener.*;/, "setTimeout(() => { $& }, 700);");
  shop.wire.serve("/player/youtube.com/embed/dGVzdA", slow);
  const frame = '<iframe id="film" loading="lazy" src="/player/youtube.com/embed/dGVzdA?enablejsapi=1"></iframe>';
  shop.wire.serve("/film/", page(`<div style="height: 9000px"></div>${frame}`));
  await enter(shop, browser, "/film/");
  await loads(browser, "embeds.js");
  // By then it is not asked any more.
  await pause(11_000);
  assert.ok(shop.wire.requests.every(({ path }) => !path.includes("dGVzdA")), "it is not there yet");
  await browser.shown("#film");
  await tell(browser, "#film", [{ event: "onStateChange", info: 1 }]);
  await told(shop, browser, "dGVzdA play");
});

visit("a player of Vimeo's that is loaded again while it plays begins anew", { plan: VIDEOS }, async ({ shop, browser }) => {
  shop.wire.serve("/player.vimeo.com/video/7", PLAYER);
  shop.wire.serve("/film/", page('<iframe id="film" src="/player.vimeo.com/video/7"></iframe>'));
  await enter(shop, browser, "/film/");
  await loads(browser, "embeds.js");
  const play = [{ event: "ready" }, { event: "play", data: { seconds: 0, duration: 20 } }];
  await tell(browser, "#film", play);
  await told(shop, browser, "7 play");
  await swap(browser, "#film", "/player.vimeo.com/video/7");
  await tell(browser, "#film", play);
  await told(shop, browser, "7 play", "7 play");
});

visit("a video that a script streams is the same on every page load", { plan: VIDEOS }, async ({ shop, browser }) => {
  shop.wire.serve("/film/", page('<video muted playsinline poster="/img/walk.svg?2"></video>'));
  for (let time = 1; time <= 2; time += 1) {
    await enter(shop, browser, "/film/");
    await browser.run(async () => {
      const film = await fetch("/video/walk.webm");
      document.querySelector("video").src = URL.createObjectURL(await film.blob());
    });
    await play(browser, "video");
    await shop.settled(browser);
  }
  const once = ["walk.svg play", "walk.svg 50", "walk.svg complete"];
  await told(shop, browser, ...once, ...once);
  await shop.converted("half", 1);
});

visit("a video that takes another's place in its element is told like the first", { plan: VIDEOS }, async ({ shop, browser }) => {
  shop.wire.serve("/film/", page('<video muted playsinline src="/video/walk.webm"></video>'));
  await enter(shop, browser, "/film/");
  for (const name of ["walk", "layers", "walk"]) {
    await browser.run((name) => {
      const video = document.querySelector("video");
      if (!video.currentSrc.endsWith(`/${name}.webm`)) video.src = `/video/${name}.webm`;
    }, name);
    await play(browser, "video");
  }
  await told(
    shop, browser,
    "walk.webm play", "walk.webm 50", "walk.webm complete",
    "layers.webm play", "layers.webm 50", "layers.webm complete",
    "walk.webm play", "walk.webm complete",
  );
  await shop.converted("half", 2);
});
