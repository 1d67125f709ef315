import { goalpostPlugin } from "goalpost/vue";
import { createApp } from "vue";
import { createRouter, createWebHistory } from "vue-router";
import App from "./App.vue";
import Home from "./Home.vue";
import Shoes from "./Shoes.vue";
import Thanks from "./Thanks.vue";

const router = createRouter({
  history: createWebHistory("/app/"),
  routes: [
    { path: "/", component: Home },
    { path: "/shoes", component: Shoes },
    { path: "/thanks", component: Thanks },
  ],
});

createApp(App).use(goalpostPlugin, { site: "cloud-kicks", consent: "granted" }).use(router).mount("#app");
