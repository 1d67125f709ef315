import Link from "next/link";

export default function Home() {
  return <Link id="to-shoes" href="/shoes">Shoes</Link>;
}
