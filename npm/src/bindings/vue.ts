import type { App } from "vue";
import type { Goalpost, Options } from "../api.js";
import { init } from "../index.js";
import { goalpost } from "./api.js";

declare module "vue" {
  interface ComponentCustomProperties {
    $goalpost: Goalpost;
  }
}

/**
 * The plugin: `app.use(goalpostPlugin, { site: "your-site" })`. Templates find the functions as
 * `$goalpost`. Page views of Vue Router are seen without a call.
 */
export const goalpostPlugin = {
  install(app: App, options: Options): void {
    init(options);
    (app.config.globalProperties as { $goalpost?: Goalpost }).$goalpost = goalpost;
  },
};

/** Every function of the package. */
export const useGoalpost = (): Goalpost => goalpost;
