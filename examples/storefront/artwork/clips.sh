#!/bin/sh
# Draws the shop's clips from the shoes' own pictures. Needs chromium and ffmpeg.
set -eu
cd "$(dirname "$0")"
img=../static/img
out=../static/video
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

# layer NAME FILE CSS: one picture on a clear ground, 480 x 288, with parts hidden by CSS.
layer() {
  { printf '<!doctype html><style>body{margin:0}svg{width:480px;height:288px;display:block}%s</style>' "$3"; cat "$img/$2.svg"; } >"$work/page.html"
  chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$work/profile" \
    --default-background-color=00000000 --window-size=480,288 --screenshot="$work/$1.png" "file://$work/page.html" 2>/dev/null
}

# clip NAME SECONDS STILL GROUND FLOOR FILTER INPUTS…: the shoe's layers over a ground with a floor.
clip() {
  name=$1 seconds=$2 still=$3 ground=$4 floor=$5 filter=$6
  shift 6
  ffmpeg -y -v error -f lavfi -i "color=$ground:s=640x360:r=25:d=$seconds,format=yuva420p,drawbox=0:262:640:98:$floor:fill" \
    "$@" -filter_complex "$filter" -an -c:v libvpx-vp9 -crf 36 -b:v 0 -row-mt 1 -pix_fmt yuv420p -t "$seconds" "$out/$name.webm"
  ffmpeg -y -v error -ss "$still" -i "$out/$name.webm" -frames:v 1 -c:v libwebp -quality 80 "$out/$name.webp"
}

layer upper nimbus '#midsole,#outsole,#shade{display:none}'
layer foam nimbus '#upper,#outsole,#shade{display:none}'
layer rubber nimbus '#upper,#midsole,#shade{display:none}'
layer shoe nimbus '#shade{display:none}'
layer trail stratus 'svg>ellipse{display:none}'


# Two steps: the heel comes up, the shoe moves on, the toe lands last.
clip walk 4 0.3 0xd9e3ea 0xe9ebe8 \
  "[1]format=rgba,pad=560:420:40:66:0x00000000,rotate=a=0.13*max(0\,sin(2*PI*t)):c=none[s];[0][s]overlay=x=40+18*sin(2*PI*t):y=-20-34*max(0\,sin(2*PI*t)):shortest=1" \
  -loop 1 -framerate 25 -t 4 -i "$work/shoe.png"

clip trail 3 1.5 0xeae5d5 0x77705a \
  "[1]format=rgba,pad=560:420:40:66:0x00000000,rotate=a=-0.09+0.12*max(0\,sin(2*PI*t)):c=none[s];[0][s]overlay=x=-420+300*t:y=-28-30*max(0\,sin(2*PI*t)):shortest=1" \
  -loop 1 -framerate 25 -t 3 -i "$work/trail.png"

# The parts stand apart, come together, and rest as a shoe.
apart="pow(max(0\,1-t/2.4)\,3)"
clip layers 4 0.4 0xe8e4db 0xdcd7cb \
  "[0][1]overlay=x=80:y=24+70*$apart:format=auto[a];[a][2]overlay=x=80:y=24:format=auto[b];[b][3]overlay=x=80:y=24-80*$apart:format=auto:shortest=1" \
  -loop 1 -framerate 25 -t 4 -i "$work/rubber.png" -loop 1 -framerate 25 -t 4 -i "$work/foam.png" -loop 1 -framerate 25 -t 4 -i "$work/upper.png"

ls -l "$out"
