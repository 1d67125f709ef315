import { init, track } from "goalpost";
import { explain } from "goalpost/wasm";
import { typesOf } from "goalpost/plan";
import { Goalpost } from "goalpost/react";
import { withGoalpost } from "goalpost/next";
import { goalpostPlugin } from "goalpost/vue";
import { clientInit } from "goalpost/svelte";
import { connect } from "goalpost/server";
import { told } from "./told.cjs";

told({ init, track, explain, typesOf, Goalpost, withGoalpost, goalpostPlugin, clientInit, connect });
