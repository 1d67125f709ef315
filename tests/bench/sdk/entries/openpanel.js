import { OpenPanel } from "@openpanel/web";
import { collector, ready } from "./page.js";

const panel = new OpenPanel({ apiUrl: collector, clientId: "bench", trackScreenViews: true });
ready((name, properties) => panel.track(name, properties));
