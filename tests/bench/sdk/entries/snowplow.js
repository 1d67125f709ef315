// Its plugins see clicks by themselves; a play is told to the media plugin, which describes it.
import {
  ButtonClickTrackingPlugin,
  enableButtonClickTracking,
} from "@snowplow/browser-plugin-button-click-tracking";
import {
  SnowplowMediaPlugin,
  startMediaTracking,
  trackMediaPlay,
} from "@snowplow/browser-plugin-media";
import { newTracker, trackPageView, trackSelfDescribingEvent } from "@snowplow/browser-tracker";
import { collector, ready } from "./page.js";

newTracker("sp", collector, {
  appId: "shop",
  keepalive: true,
  plugins: [ButtonClickTrackingPlugin(), SnowplowMediaPlugin()],
});
enableButtonClickTracking();
trackPageView();
ready(
  (name, data) => {
    if (name === "video_play") {
      startMediaTracking({ id: data.video });
      trackMediaPlay({ id: data.video });
    } else {
      trackSelfDescribingEvent({
        event: { schema: `iglu:com.shop/${name}/jsonschema/1-0-0`, data },
      });
    }
  },
  { seesClicks: true },
);
