/**
 * Players of YouTube and Vimeo that are on the page. They tell by messages what they play, without
 * a script of theirs, once they are asked to.
 */
import type { Step } from "./listen.js";
import type { Watched } from "./watch.js";

/** A frame with a player in it, and whom it tells. */
export interface Embed extends Pick<Watched, "played" | "hear" | "natives"> {
  frame: HTMLIFrameElement;
  /** Told which share of a video has been played, in per cent; tells which marks that reaches. */
  progressed(player: object, video: string, share: number, tell: (mark: number) => void): void;
  /** Looks at the frame anew, which has another address by now. */
  again(): void;
}

/** How often a player is asked until it answers, and how far apart. */
const ASKED = 20;
const ASK_MS = 500;
/** Between two of a player's messages no more than this is played; what is more was skipped. */
const STEP_S = 3;

/** YouTube's numbers for what a player does. */
const ENDED = 0;
const PLAYING = 1;
const BUFFERING = 3;

/** What a player says of itself: as much of it as is needed. */
interface Told {
  event?: string;
  /** YouTube: a state's number, or an object. */
  info?: number | { playerState?: number; currentTime?: number; duration?: number };
  /** Vimeo. */
  data?: { seconds?: number; duration?: number };
}

/** Of each frame the address that is known, and what asks the player there. */
const adopted = new WeakMap<HTMLIFrameElement, { src: string; begin(): void }>();
/** What hears the player in each window. */
const players = new WeakMap<object, (told: Told) => unknown>();
let isHearing = false;

/** Listens to the player in this frame from now on; call it each time that the frame has loaded. */
export const adopt = ({ frame, played, progressed, again, hear, natives }: Embed): void => {
  const { src } = frame;
  const known = adopted.get(frame);
  // Loaded again, or only now, the player does not know what it was asked before.
  if (known?.src == src) return known.begin();
  const { pathname, searchParams, hostname } = new URL(src);
  const isOn = (name: string) => /^(1|true)$/.test(searchParams.get(name) ?? "");
  // Vimeo's background player is muted, and plays again and again.
  const background = isOn("background");
  const loop = isOn("loop") || background || undefined;
  const how = {
    autoplay: ((isOn("autoplay") && (isOn("mute") || isOn("muted"))) || background || undefined) as true | undefined,
    loop: loop as true | undefined,
  };
  const video = pathname.replace(/\/$/, "").replace(/.*\//, "");
  const step = (step: Step) => played(video, step, how);

  /** Each second that was played, once however often it was. */
  const seconds = new Set<number>();
  let heard = false;
  let playing = false;
  let rounds = 0;
  let at: number | undefined;

  const started = () => {
    if (!playing && !(loop && rounds)) step("play");
    playing = true;
    rounds++;
  };
  const ended = () => {
    playing = false;
    at = undefined;
    // What begins again by itself has no end, as with the browser's own player.
    if (!loop) step("complete");
  };
  const moved = (to = 0, duration = 0) => {
    if (playing && at !== undefined && to >= at && to - at < STEP_S) {
      for (let second = Math.round(at); second < Math.round(to); second++) seconds.add(second);
    }
    at = to;
    if (playing && duration) {
      progressed(frame, video, Math.min(100, Math.floor((seconds.size / Math.round(duration)) * 100)), step);
    }
  };

  const isYouTube = !/vimeo/.test(hostname + pathname);
  const say = (message: object) => frame.contentWindow?.postMessage(JSON.stringify(message), "*");
  const ask = () => {
    if (frame.contentWindow) players.set(frame.contentWindow, hearPlayer);
    if (isYouTube) say({ event: "listening", id: 1, channel: "widget" });
    else for (const value of ["play", "pause", "ended", "timeupdate"]) say({ method: "addEventListener", value });
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const askAgain = (left: number) => {
    if (heard || !left || !frame.isConnected || frame.src != src) return;
    ask();
    timer = natives.setTimeout(askAgain, ASK_MS, left - 1);
  };
  const begin = () => {
    heard = false;
    natives.clearTimeout(timer);
    askAgain(ASKED);
  };

  let length: number | undefined;
  const toldByYouTube = ({ info }: Told) => {
    const { playerState, currentTime, duration } = typeof info == "object" ? info : { playerState: info };
    length = duration || length;
    if (playerState == PLAYING) started();
    if (currentTime !== undefined) moved(currentTime, length);
    if (playerState == ENDED && playing) ended();
    else if (playerState !== undefined && playerState != PLAYING && playerState != BUFFERING) playing = false;
  };
  const toldByVimeo = ({ event, data }: Told) => {
    // A player that has only now begun to listen does not know what it was asked before.
    if (event == "ready") {
      playing = false;
      at = undefined;
      ask();
    }
    if (event == "play") started();
    if (event == "timeupdate") moved(data?.seconds, data?.duration);
    if (event == "ended" && playing) ended();
    if (event == "pause") playing = false;
  };

  const hearPlayer = (told: Told) => {
    // What is said meanwhile is the last of one video or the first of another.
    if (frame.src != src) return told.event == "ready" && again();
    heard = true;
    if (isYouTube) toldByYouTube(told);
    else toldByVimeo(told);
  };
  if (!isHearing) {
    isHearing = true;
    hear(window, "message", ({ source, data }: MessageEvent) => {
      const player = source && players.get(source);
      if (player) player(typeof data == "string" ? JSON.parse(data) : data);
    });
  }
  adopted.set(frame, { src, begin });
  begin();
};
