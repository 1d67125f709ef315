// It knows page views only: what else happens is told as views of pages of that name.
import * as Counterscale from "@counterscale/tracker";
import { collector, ready } from "./page.js";

Counterscale.init({ siteId: "shop", reporterUrl: `${collector}/collect` });
ready((name, { seq }) =>
  Counterscale.trackPageview({ url: `${location.origin}/${name}/${seq ?? 0}`, referrer: "" }),
);
