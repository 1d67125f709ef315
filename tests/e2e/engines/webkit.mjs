// WebKitGTK's MiniBrowser, driven by WebKitWebDriver on a screen that nobody sees.

import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { join } from "node:path";
import { inTime, until } from "../../harness/worker.mjs";
import { processesWith, program } from "./program.mjs";

const require = createRequire(import.meta.url);
const { Builder, Capabilities } = require("selenium-webdriver");

export const name = "webkit";

/** What a test may need and this browser cannot give, each with the reason. */
export const lacks = {
  devtools: "WebKitGTK has no Chrome DevTools Protocol",
  prerender: "WebKitGTK prepares no pages: it knows no speculation rules",
  lifecycle: "WebKitGTK freezes no page that is not left, and its driver cannot ask for it",
  console: "WebKitWebDriver does not tell what pages write to the console",
  quota: "MiniBrowser has no setting for how much a page may store",
  entries: "WebKitGTK 2.50 has the Navigation API only if asked, unfinished: it tells of no change of its entries",
  integrity: "WebKitGTK holds no module to the hash that a link gives for it",
  profile: "under automation, MiniBrowser keeps nothing on the disk",
  buttons: "WebKitWebDriver releases each of the mouse's buttons as the first, so that pages see a click",
};

/** MiniBrowser shows no tab that its driver opens, but each window: what a tab has is hidden and not painted. */
export const hidesTabs = true;

const BROWSERS = ["4.1", "6.0", "4.0"].map(
  (version) => `/usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu/webkit2gtk-${version}/MiniBrowser`,
);

const FLAGS = [
  "--automation",
  "--autoplay-policy=allow",
  "--javascript-can-open-windows-automatically=true",
];

/** What pages then lack altogether, as in Lockdown Mode. */
const REFUSING = "-LocalStorage,-IndexedDBAPI,-WebLocksAPI";

/** What Safari has and WebKitGTK only if it is asked for. */
const ASKED_FOR = { navigation: "+NavigationAPI" };

const flagsFor = ({ storage, needs = [] }) => {
  const features = needs.flatMap((need) => ASKED_FOR[need] ?? []);
  const refusal = storage === "refused" ? ["--cookies-policy=never"] : [];
  if (storage === "refused") features.push(REFUSING);
  return [...FLAGS, ...refusal, ...(features.length ? [`--features=${features}`] : [])];
};

/** It has no signal of refusal of its own: extensions put one into pages, as here. */
export const prepare = async ({ signals, wire }) => {
  if (!signals) return;
  wire.changePages((html) =>
    html.replace(
      "<head>",
      `$&<script>Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get: () => true, configurable: true })</script>`,
    ),
  );
};

export async function start({ profile, storage, needs }) {
  const screen = await openScreen();
  try {
    const { driver, service } = await startOn(screen.name, profile, flagsFor({ storage, needs }));
    const end = async () => {
      await inTime(driver.quit(), 10_000, "the end of MiniBrowser").catch(() => {});
      await stop(service);
      await stop(screen.process);
    };
    return { driver, end };
  } catch (problem) {
    await stop(screen.process);
    throw problem;
  }
}

async function startOn(display, profile, args) {
  const port = await freePort();
  const env = { ...process.env, DISPLAY: display, GDK_BACKEND: "x11", LIBGL_ALWAYS_SOFTWARE: "1" };
  for (const [name, folder] of Object.entries({ XDG_DATA_HOME: "data", XDG_CACHE_HOME: "cache", XDG_CONFIG_HOME: "config" })) {
    env[name] = join(profile, folder);
  }
  const service = spawn(program("WEBKITDRIVER", "WebKitWebDriver"), [`--port=${port}`, "--host=127.0.0.1"], {
    env,
    stdio: process.env.GOALPOST_LOG ? "inherit" : "ignore",
  });
  try {
    const url = `http://127.0.0.1:${port}`;
    await until(() => fetch(`${url}/status`).then(({ ok }) => ok, () => false), "WebKitWebDriver");
    const wanted = new Capabilities()
      .setBrowserName("MiniBrowser")
      .set("webkitgtk:browserOptions", {
        binary: program("MINIBROWSER", ...BROWSERS, "MiniBrowser"),
        args,
      });
    const building = new Builder().usingServer(url).withCapabilities(wanted).build();
    const driver = await inTime(building, 30_000, "MiniBrowser");
    await driver.getSession();
    return { driver, service };
  } catch (problem) {
    await stop(service);
    throw problem;
  }
}

/** The display that is there, or one of its own. */
async function openScreen() {
  if (process.env.DISPLAY) return { name: process.env.DISPLAY };
  const screen = spawn(program("XVFB", "Xvfb"), ["-displayfd", "3", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  const number = await new Promise((done, fail) => {
    screen.once("exit", (code) => fail(new Error(`Xvfb ended with ${code}`)));
    screen.once("error", fail);
    screen.stdio[3].once("data", (data) => done(String(data).trim()));
  });
  return { name: `:${number}`, process: screen };
}

async function stop(child) {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((done) => child.once("exit", done));
  child.kill();
  await ended;
}

const freePort = () =>
  new Promise((done, fail) => {
    const server = createServer();
    server.once("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });

export const processes = async () => [];
