// Bundles scripts and styles into the folder given as argument, with the content's hash in every name, and writes
// manifest.json: where each file is, and the inner SVG of every icon that icons.txt lists.
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build } from "esbuild";

const dist = process.argv[2] ?? "../mailgenius/web/static/dist";
const ICONS = "node_modules/@tabler/icons/icons/outline";

const common = {
  bundle: true,
  minify: true,
  metafile: true,
  outdir: dist,
  entryNames: "[name]-[hash]",
  chunkNames: "chunk-[hash]",
  assetNames: "[name]-[hash]",
  legalComments: "linked",
  target: ["chrome123", "firefox121", "safari17.5"],
  logLevel: "warning",
};

async function bundle() {
  const modules = await build({
    ...common,
    entryPoints: ["src/app.js"],
    format: "esm",
    splitting: true,
    // The extension asks for the package; both must get the same copy.
    alias: { "htmx.org": "./node_modules/htmx.org/dist/htmx.esm.js" },
  });
  // The theme script blocks the first paint, so it is one tiny classic script.
  const theme = await build({ ...common, entryPoints: ["src/theme.js"], format: "iife" });
  const styles = await build({
    ...common,
    entryPoints: ["styles/app.css", "styles/public.css"],
    loader: { ".woff2": "file", ".svg": "dataurl" },
  });
  return [modules, theme, styles];
}

function namesOf(results) {
  const files = {};
  const written = [];
  for (const result of results) {
    for (const [path, output] of Object.entries(result.metafile.outputs)) {
      const name = basename(path);
      written.push(name);
      if (output.entryPoint) files[basename(output.entryPoint)] = name;
      // Fonts are named without their hash, so that a layout can preload them.
      if (name.endsWith(".woff2")) files[name.replace(/-[A-Z0-9]{8}\.woff2$/, ".woff2")] = name;
    }
  }
  return { files, written };
}

async function readIcons() {
  const lines = (await readFile("icons.txt", "utf8")).split("\n").map((line) => line.trim());
  const icons = {};
  for (const name of lines.filter((line) => line && !line.startsWith("#"))) {
    const source = await readFile(join(ICONS, `${name}.svg`), "utf8").catch(() => {
      throw new Error(`icons.txt names ${name}, which the icon package does not have`);
    });
    const inner = source.slice(source.indexOf("<svg"));
    icons[name] = inner.slice(inner.indexOf(">") + 1, inner.lastIndexOf("</svg>"))
      .replace(/\s+/g, " ")
      .replace(/<path stroke="none"[^>]*>/, "")
      .trim();
  }
  return icons;
}

await mkdir(dist, { recursive: true });
const icons = await readIcons();
const { files, written } = namesOf(await bundle());
const manifest = join(dist, "manifest.json");
await writeFile(`${manifest}.new`, JSON.stringify({ files, icons }, null, 1));
await rename(`${manifest}.new`, manifest);

// A running server still points at the files of the build before, so they stay for an hour; a clean build keeps none.
const keep = new Set([...written, "manifest.json", "stamp", "lock"]);
const oldest = process.argv.includes("--clean") ? Infinity : Date.now() - 3_600_000;
for (const name of await readdir(dist)) {
  const path = join(dist, name);
  if (!keep.has(name) && (await stat(path)).mtimeMs < oldest) await rm(path);
}
