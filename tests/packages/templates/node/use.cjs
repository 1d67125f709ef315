const { told } = require("./told.cjs");

told({
  ...require("goalpost"),
  ...require("goalpost/wasm"),
  ...require("goalpost/plan"),
  ...require("goalpost/react"),
  ...require("goalpost/next"),
  ...require("goalpost/vue"),
  ...require("goalpost/svelte"),
  ...require("goalpost/server"),
});
