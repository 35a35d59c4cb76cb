/**
 * Colors and fonts of charts and pages. Series differ in both color and shape, so that readers can distinguish them in
 * print and without color vision.
 */
export interface Theme {
  readonly ink: string
  readonly muted: string
  readonly line: string
  readonly paper: string
  readonly accent: string
  /**
   * Series colors with a contrast of at least 3:1, ordered so that neighbors differ under deuteranopia, protanopia and
   * tritanopia.
   */
  readonly series: readonly string[]
  /** Low to high. */
  readonly ramp: readonly [string, string]
}

/** Theme of light pages and of print. */
export const light: Theme = {
  ink: '#1f2328',
  muted: '#666d76',
  line: '#e3e0da',
  paper: '#ffffff',
  accent: '#0b62a4',
  series: ['#0b62a4', '#d1570a', '#0a8764', '#9c4192', '#8a6d00', '#2a8fc7', '#c2334d', '#5b6470'],
  ramp: ['#eaf1f8', '#0b62a4'],
}

/** Theme of dark pages. */
export const dark: Theme = {
  ink: '#e8e6e1',
  muted: '#9aa1ab',
  line: '#30353d',
  paper: '#1b1e23',
  accent: '#6cb5f4',
  series: ['#6cb5f4', '#ff9a5c', '#45cf9f', '#e29bd6', '#dfc04a', '#9adcff', '#ff8496', '#b8c0ca'],
  ramp: ['#222c37', '#6cb5f4'],
}

/** Fonts that are commonly installed, because pages load none. */
export const fontStack =
  'ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Noto Sans", sans-serif'

/** Shapes pair with colors: 8 colors and 7 shapes give 56 distinct series. The cross is reserved for invalid points. */
export const shapes = [
  'circle',
  'square',
  'triangle-up',
  'diamond',
  'triangle-down',
  'triangle-right',
  'triangle-left',
] as const

/** An x drawn as a stroke: the mark of an invalid point. */
export const crossPath = 'M-0.8,-0.8L0.8,0.8M-0.8,0.8L0.8,-0.8'

/** Vega-Lite configuration of a theme. Everything that depends on the theme is here or in {@link themeParams}. */
export function vegaConfig(theme: Theme) {
  return {
    background: theme.paper,
    font: fontStack,
    padding: 6,
    view: { stroke: null },
    axis: {
      labelColor: theme.muted,
      titleColor: theme.ink,
      labelFontSize: 11.5,
      titleFontSize: 12,
      titleFontWeight: 'normal' as const,
      titlePadding: 10,
      labelPadding: 6,
      labelSeparation: 10,
      grid: true,
      gridColor: theme.line,
      gridWidth: 1,
      domain: false,
      tickColor: theme.line,
      tickSize: 4,
    },
    legend: { labelColor: theme.ink, titleColor: theme.muted, labelFontSize: 12, titleFontSize: 12, symbolSize: 80 },
    title: {
      color: theme.ink,
      subtitleColor: theme.muted,
      fontSize: 15,
      fontWeight: 600 as const,
      subtitleFontSize: 12,
      anchor: 'start' as const,
      offset: 14,
    },
    range: { category: [...theme.series], symbol: [...shapes], ramp: [...theme.ramp], heatmap: [...theme.ramp] },
  }
}

/** Colors that marks refer to by name, so that one specification works with both themes. */
export function themeParams(theme: Theme): { name: string; value: string }[] {
  return [
    { name: 'ink', value: theme.ink },
    { name: 'muted', value: theme.muted },
    { name: 'paper', value: theme.paper },
    { name: 'accent', value: theme.accent },
  ]
}
