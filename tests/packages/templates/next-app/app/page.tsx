import { track } from "goalpost";
import Link from "next/link";

export default function Home() {
  // On a server it does nothing.
  track("demo_requested", { shop: "tokyo" });
  return <Link id="to-shoes" href="/shoes">Shoes</Link>;
}
