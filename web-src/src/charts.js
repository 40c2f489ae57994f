// Draws every `[data-chart]` from the JSON of its canvas, in the colours of the theme; again on a theme change or a swap.
// The text table beside it, for screen readers and without scripts, is the server's.
import { BarChart, LineChart, PieChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { formats } from "./texts.js";

use([BarChart, LineChart, PieChart, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer]);

const drawn = new Map();
const seenIds = new Set();
const ORDER = ["brand", "success", "info", "warning", "danger", "neutral"];
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** Draw the charts; called once for each element. */
export function mount(elements) {
  for (const element of elements) {
    const canvas = element.querySelector("[data-part=canvas]");
    if (!canvas) continue;
    const spec = JSON.parse(canvas.dataset.spec);
    const chart = init(canvas, null, { renderer: "canvas" });
    const resize = new ResizeObserver(() => chart.resize());
    resize.observe(canvas);
    drawn.set(element, { chart, spec, resize });
    // A chart that a live update puts in again must not play its entrance every second.
    const animate = !calm.matches && !(element.id && seenIds.has(element.id));
    if (element.id) seenIds.add(element.id);
    chart.setOption(optionsOf(spec, animate));
  }
}

document.documentElement.addEventListener("mg:theme", () => {
  for (const { chart, spec } of drawn.values()) chart.setOption(optionsOf(spec, false), true);
});

document.addEventListener("htmx:beforeCleanupElement", (event) => {
  const found = drawn.get(event.target);
  if (!found) return;
  found.resize.disconnect();
  found.chart.dispose();
  drawn.delete(event.target);
});

function palette() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  return {
    text: read("--mg-text-muted"),
    strong: read("--mg-text"),
    line: read("--mg-border"),
    surface: read("--mg-surface"),
    raised: read("--mg-raised"),
    font: getComputedStyle(document.body).fontFamily,
    of: (kind) => read(`--mg-chart-${kind}`) || read("--mg-chart-brand"),
  };
}

function optionsOf(spec, animation) {
  const colours = palette();
  const format = formats[spec.format] ?? formats.number;
  const base = {
    animation,
    animationDuration: 400,
    textStyle: { fontFamily: colours.font, fontSize: 12, color: colours.text },
  };
  return spec.kind === "donut" ? { ...base, ...donut(spec, colours, format) } : { ...base, ...cartesian(spec, colours, format) };
}

function donut(spec, colours, format) {
  const [series] = spec.series;
  const kinds = series.kinds ?? ORDER;
  const sum = series.values.reduce((total, value) => total + value, 0);
  return {
    tooltip: {
      ...tooltip(colours),
      trigger: "item",
      formatter: ({ marker, name, value, percent }) => `${marker}${escapeHtml(name)} <b>${format(value)}</b> · ${percent}%`,
    },
    legend: legend(colours),
    series: [
      {
        type: "pie",
        radius: ["56%", "78%"],
        center: ["50%", "43%"],
        padAngle: 2,
        itemStyle: { borderRadius: 4 },
        label: {
          show: true,
          position: "center",
          formatter: () => `{n|${formats.compact(sum)}}`,
          rich: { n: { fontSize: 24, fontWeight: 600, color: colours.strong, fontFamily: colours.font } },
        },
        emphasis: { scaleSize: 3 },
        labelLine: { show: false },
        data: spec.labels.map((name, index) => ({
          name,
          value: series.values[index],
          itemStyle: { color: colours.of(kinds[index % kinds.length]) },
        })),
      },
    ],
  };
}

function tooltip(colours) {
  return {
    confine: true,
    backgroundColor: colours.raised,
    borderColor: colours.line,
    padding: [8, 12],
    textStyle: { color: colours.strong, fontSize: 12 },
    extraCssText: "border-radius:8px;box-shadow:0 4px 16px rgb(0 0 0 / .12)",
  };
}

function cartesian(spec, colours, format) {
  const flat = spec.kind === "hbar";
  const axisFormat = spec.format === "percent" ? formats.percent : formats.compact;
  const category = {
    type: "category",
    data: spec.labels,
    boundaryGap: spec.kind === "bar" || flat,
    inverse: flat,
    axisLine: { show: !flat, lineStyle: { color: colours.line } },
    axisTick: { show: false },
    axisLabel: { color: colours.text, hideOverlap: true, margin: 12 },
  };
  const value = {
    type: "value",
    min: 0,
    minInterval: spec.format === "percent" ? undefined : 1,
    splitNumber: 4,
    axisLabel: { color: colours.text, formatter: axisFormat },
    splitLine: { lineStyle: { color: colours.line, type: [3, 4] } },
  };
  const many = spec.series.length > 1;
  return {
    grid: { left: 4, right: 12, top: 12, bottom: many ? 36 : 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    tooltip: {
      ...tooltip(colours),
      trigger: "axis",
      axisPointer: { type: spec.kind === "bar" || flat ? "shadow" : "line", lineStyle: { color: colours.line } },
      valueFormatter: (n) => (n === null || n === undefined ? "–" : format(n)),
    },
    legend: many ? legend(colours) : { show: false },
    xAxis: flat ? value : category,
    yAxis: flat ? category : value,
    series: spec.series.map((series, index) => seriesOf(spec, series, index, colours)),
  };
}

function seriesOf(spec, series, index, colours) {
  const colour = colours.of(series.kind ?? ORDER[index % ORDER.length]);
  const common = { name: series.name, data: series.values, itemStyle: { color: colour }, stack: spec.stacked ? "all" : undefined };
  if (spec.kind === "bar" || spec.kind === "hbar") {
    const corners = spec.kind === "bar" ? [4, 4, 0, 0] : [0, 4, 4, 0];
    return { ...common, type: "bar", barMaxWidth: 28, itemStyle: { color: colour, borderRadius: spec.stacked ? 0 : corners } };
  }
  const area = spec.kind === "area" && {
    opacity: 1,
    color: {
      type: "linear",
      x: 0,
      y: 0,
      x2: 0,
      y2: 1,
      colorStops: [
        { offset: 0, color: withAlpha(colour, 0.22) },
        { offset: 1, color: withAlpha(colour, 0) },
      ],
    },
  };
  return {
    ...common,
    type: "line",
    smooth: 0.25,
    smoothMonotone: "x",
    symbol: "circle",
    symbolSize: 6,
    showSymbol: series.values.length < 2,
    lineStyle: { width: 2, color: colour },
    areaStyle: area || undefined,
    emphasis: { focus: "none" },
  };
}

function legend(colours) {
  return {
    bottom: 0,
    icon: "circle",
    itemWidth: 8,
    itemHeight: 8,
    itemGap: 16,
    textStyle: { color: colours.text, fontSize: 12 },
    inactiveColor: colours.line,
  };
}

// The theme's chart colours are written as #rrggbb.
function withAlpha(hex, alpha) {
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  return `rgba(${red}, ${green}, ${blue}, ${alpha})`;
}

function escapeHtml(value) {
  const span = document.createElement("span");
  span.textContent = value;
  return span.innerHTML;
}
