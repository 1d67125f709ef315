import { init, track, trigger } from "goalpost";
import { connect } from "goalpost/server";

const goalpost = init({ site: "cloud-kicks" });

track("demo_requested", { shop: "tokyo" });
track("demo_requested");
track("purchase", { order_id: "A1", value: 14800, currency: "JPY", items: [{ item_id: "nimbus", quantity: 1 }] });
track("Order Completed", { order: "A1", total: "129.00" });
goalpost.track("view_item", { item_id: "nimbus" });
trigger("size-found");
trigger("product-purchase", { order: "A1", revenue: "14800" });

track("demo_request"); // refused
track("demo_requested", { shops: "tokyo" }); // refused
track("demo_requested", { shop: 1 }); // refused
track("purchase"); // refused
track("purchase", { value: 14800 }); // refused
track("purchase", { order_id: "A1", value: 14800, curency: "JPY" }); // refused
goalpost.track("view_item", {}); // refused
trigger("size-fund"); // refused
trigger("close-won"); // refused
trigger("product-purchase", { order: "A1" }); // refused

const server = connect({ edge: "https://shop.example", site: "cloud-kicks", token: "x" });
void server.events.send([{ commerce: "purchase", order: "A1", revenue: "129.00" }]);
void server.events.send([{ id: "shipment-7", time: 1795000000000, event: "shipped" }]);
void server.events.send([{ commerce: "refund", order: "A1", time: "2026-11-21T12:00:00+09:00" }]);
void server.events.send([{ commerce: "purchase", revenue: "129.00" }]); // refused
void server.events.send([{ id: "shipment-7", event: "shipped" }]); // refused
void server.events.send([{ commerce: "refund", order: "A1" }]); // refused
void server.events.send([{ comerce: "purchase" }]); // refused
