#!/bin/sh
# Fetch smtp-source of Debian's package `postfix` into .tools of this checkout, for the send bench.
# Nothing is installed into the system and no mail server starts: the packages are only unpacked.
set -eu

tools=${1:-.tools}
mkdir -p "$tools/packages/partial" "$tools/postfix"
# Without root apt may not lock its folders, which a download into our own does not need.
fetch() {
  apt-get install --download-only --reinstall --no-install-recommends -y -qq \
    -o Dir::Cache::archives="$(cd "$tools/packages" && pwd)" -o Debug::NoLocking=1 -o APT::Sandbox::User=root \
    postfix >/dev/null
}
if ! fetch 2>/dev/null; then
  [ "$(id -u)" = 0 ] && apt-get update -qq
  fetch
fi
for package in "$tools"/packages/*.deb; do dpkg-deb -x "$package" "$tools/postfix"; done
cat > "$tools/smtp-source" <<'SCRIPT'
#!/bin/sh
root=$(cd "$(dirname "$0")" && pwd)/postfix
for folder in "$root"/usr/lib/postfix "$root"/usr/lib/*-linux-* "$root"/lib/*-linux-*; do
  LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$folder
done
export LD_LIBRARY_PATH
exec "$root/usr/sbin/smtp-source" "$@"
SCRIPT
chmod +x "$tools/smtp-source"
rm -rf "$tools/packages"
