import { RudderAnalytics } from "@rudderstack/analytics-js/bundled";
import { collector, ready } from "./page.js";

const rudder = new RudderAnalytics();
rudder.load("key", collector, { configUrl: collector });
rudder.page();
ready((name, properties) => rudder.track(name, properties));
