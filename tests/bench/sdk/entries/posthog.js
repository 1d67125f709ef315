import posthog from "posthog-js";
import { collector, ready } from "./page.js";

posthog.init("key", {
  api_host: collector,
  autocapture: false,
  capture_pageview: true,
  capture_pageleave: true,
  capture_performance: false,
  capture_heatmaps: false,
  capture_dead_clicks: false,
  disable_session_recording: true,
  disable_surveys: true,
  advanced_disable_flags: true,
  // A thousand calls in one loop are more than it lets through by itself.
  ...(location.search === "?burst" && {
    rate_limiting: { events_per_second: 1e5, events_burst_limit: 1e5 },
  }),
});
ready((name, properties) => posthog.capture(name, properties));
