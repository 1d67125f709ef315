import { clientInit } from "goalpost/svelte";

export const init = clientInit({ site: "cloud-kicks", consent: "granted" });
