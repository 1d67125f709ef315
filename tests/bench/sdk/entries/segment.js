import { AnalyticsBrowser } from "@segment/analytics-next";
import { collector, ready } from "./page.js";

const segment = AnalyticsBrowser.load(
  { writeKey: "key", cdnURL: collector },
  {
    integrations: {
      "Segment.io": { apiHost: `${location.hostname.replace("shop", "collect")}/v1` },
    },
  },
);
segment.page();
ready((name, properties) => segment.track(name, properties));
