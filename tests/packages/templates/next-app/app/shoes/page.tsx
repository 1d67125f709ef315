import Link from "next/link";

export default function Shoes() {
  return <Link id="to-thanks" href="/thanks">Buy</Link>;
}
