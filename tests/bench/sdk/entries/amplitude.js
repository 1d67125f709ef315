import * as amplitude from "@amplitude/analytics-browser";
import { collector, onHidden, ready } from "./page.js";

amplitude.init("key", {
  serverUrl: `${collector}/2/httpapi`,
  remoteConfig: { serverUrl: `${collector}/config` },
  enableDiagnostics: false,
  autocapture: {
    pageViews: true,
    attribution: false,
    fileDownloads: false,
    formInteractions: false,
    sessions: true,
    elementInteractions: false,
  },
});
onHidden(() => {
  amplitude.setTransport("beacon");
  amplitude.flush();
});
ready((name, properties) => amplitude.track(name, properties));
