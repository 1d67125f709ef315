import { init, track } from "goalpost";
import { connect } from "goalpost/server";

export default {
  async fetch(request) {
    // In a Worker that also renders pages, the page's functions do nothing.
    init({ site: "shop" });
    track("x");
    const { edge, token } = await request.json();
    const goalpost = connect({ edge, site: "shop", token });
    const results = await goalpost.events.send([
      { commerce: "purchase", order: "W1", revenue: "14800", currency: "JPY", contact: { email: "ann@shop.example" } },
    ]);
    return Response.json(results);
  },
};
