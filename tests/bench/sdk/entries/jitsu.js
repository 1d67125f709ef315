import { jitsuAnalytics } from "@jitsu/js";
import { collector, ready } from "./page.js";

const jitsu = jitsuAnalytics({ host: collector, writeKey: "key:secret" });
jitsu.page();
ready((name, properties) => jitsu.track(name, properties));
