import mixpanel from "mixpanel-browser/src/loaders/loader-module-core";
import { collector, ready } from "./page.js";

mixpanel.init("token", {
  api_host: collector,
  track_pageview: true,
  autocapture: false,
  persistence: "localStorage",
  record_sessions_percent: 0,
});
ready((name, properties) => mixpanel.track(name, properties));
