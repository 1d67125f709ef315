// Firefox ESR, driven by geckodriver.

import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { processesWith, program } from "./program.mjs";

const require = createRequire(import.meta.url);
const { Builder } = require("selenium-webdriver");
const firefox = require("selenium-webdriver/firefox.js");

export const name = "firefox";

const binary = program("FIREFOX", "firefox-esr", "firefox");
/** 140 of "Mozilla Firefox 140.10.2esr". */
const major = Number(/\d+/.exec(execFileSync(binary, ["--version"], { encoding: "utf8" })));
const NO_NAVIGATION = `Firefox ${major} has no Navigation API, which came with 147`;

/** What a test may need and this browser cannot give, each with the reason. */
export const lacks = {
  devtools: "Firefox has no Chrome DevTools Protocol",
  prerender: "Firefox prepares no pages: it knows no speculation rules",
  lateBeacons: "Firefox lets go of half the beacons that a page sends after pagehide",
  lifecycle: "Firefox freezes no page that is not left, and its driver cannot ask for it",
  ...(major < 147 && { entries: NO_NAVIGATION, navigation: NO_NAVIGATION }),
  ...(major < 148 && { trustedTypes: `Firefox ${major} knows no trusted types, which came with 148` }),
};

const PREFERENCES = {
  "app.update.enabled": false,
  "app.normandy.enabled": false,
  "browser.aboutwelcome.enabled": false,
  "browser.download.always_ask_before_handling_new_types": false,
  "browser.download.useDownloadDir": true,
  "browser.download.folderList": 2,
  "browser.safebrowsing.malware.enabled": false,
  "browser.safebrowsing.phishing.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "browser.startup.page": 0,
  "datareporting.policy.dataSubmissionEnabled": false,
  "dom.disable_open_during_load": false,
  "dom.popup_maximum": 50,
  "extensions.getAddons.cache.enabled": false,
  "media.autoplay.default": 0,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "pdfjs.disabled": true,
  "services.settings.server": "data:,",
  "toolkit.telemetry.enabled": false,
};

/** A private window signals GPC by itself, an older one DNT as well, and then nothing is measured in it. */
const PRIVATE = {
  "browser.privatebrowsing.autostart": true,
  "privacy.globalprivacycontrol.pbmode.enabled": false,
  "privacy.trackingprotection.pbmode.enabled": false,
};

/** A kilobyte for all pages together. */
const FULL = { "dom.quotaManager.temporaryStorage.fixedLimit": 1 };

export async function start({ profile, storage, isPrivate, signals, flags = [] }) {
  const settings = new firefox.Options();
  settings.setBinary(binary);
  settings.addArguments("-headless", "-profile", profile, "--width=1280", "--height=900", ...flags);
  const preferences = {
    ...PREFERENCES,
    "browser.download.dir": profile,
    ...(storage === "refused" ? { "network.cookie.cookieBehavior": 2 } : {}),
    ...(storage === "full" ? FULL : {}),
    ...(isPrivate ? PRIVATE : {}),
    ...(signals === "gpc" ? { "privacy.globalprivacycontrol.enabled": true } : {}),
    ...(signals === "dnt" ? { "privacy.donottrackheader.enabled": true } : {}),
  };
  for (const [key, value] of Object.entries(preferences)) settings.setPreference(key, value);
  settings.set("webSocketUrl", true);
  const driver = await new Builder()
    .forBrowser("firefox")
    .setFirefoxService(new firefox.ServiceBuilder(program("GECKODRIVER", "geckodriver")))
    .setFirefoxOptions(settings)
    .build();
  const said = [];
  let bidi;
  try {
    bidi = await driver.getBidi();
    await bidi.subscribe("log.entryAdded");
  } catch (problem) {
    await driver.quit();
    throw problem;
  }
  bidi.socket.on("message", (data) => {
    const { method, params } = JSON.parse(data.toString());
    if (method === "log.entryAdded") said.push({ level: LEVELS[params.level], message: params.text });
  });
  const end = async () => {
    bidi.close();
    await driver.quit();
  };
  return { driver, said, end };
}

/** The words that Chromium's driver uses. */
const LEVELS = { debug: "DEBUG", info: "INFO", warn: "WARNING", error: "SEVERE" };

/** What pages wrote to the console since the last look. */
export const readConsole = async ({ said }) => said.splice(0);

export const processes = (profile) => processesWith(profile);
