// WebKitGTK's MiniBrowser, driven by WebKitWebDriver on a screen that nobody sees.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { join } from "node:path";
import { inTime, until } from "../../harness/worker.mjs";
import { processesWith, program } from "./program.mjs";

const require = createRequire(import.meta.url);
const { Builder, Capabilities } = require("selenium-webdriver");

export const name = "webkit";

const EPHEMERAL = "under automation, WebKitGTK keeps nothing beyond its session";

/** What a test may need and this browser cannot give, each with the reason. */
export const lacks = {
  devtools: "WebKitGTK has no Chrome DevTools Protocol",
  prerender: "WebKitGTK prepares no pages: it knows no speculation rules",
  lifecycle: "only the Chrome DevTools Protocol can freeze a page",
  console: "WebKitWebDriver does not tell what pages write to the console",
  profile: EPHEMERAL,
  buttons: "WebKitWebDriver never ends a move of the pointer or a press of a button other than the first",
  popups: "MiniBrowser opens no window for a script under automation",
  navigation: "WebKitGTK has no Navigation API, by which alone a form that a script sends can be told",
  large: "in WebKitGTK the end of a page of 50,000 elements is not seen as reached, and why is not known",
  signals: "WebKitGTK tells pages of no refusal",
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
const REFUSING = ["--cookies-policy=never", "--features=-LocalStorage,-IndexedDBAPI,-WebLocksAPI"];

export async function start({ profile, storage }) {
  const screen = await openScreen();
  try {
    const { driver, service } = await startOn(screen.name, profile, storage);
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

async function startOn(display, profile, storage) {
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
        args: [...FLAGS, ...(storage === "refused" ? REFUSING : [])],
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
