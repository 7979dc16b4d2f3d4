export const FIGURE_THEMES = ['light', 'dark'] as const;

export type FigureTheme = (typeof FIGURE_THEMES)[number];

export interface FigureColours {
  background: string;
  text: string;
  notes: string;
  grid: string;
  /** Of the curves in turn: Okabe and Ito's, which differ for colour-blind readers too. */
  curves: readonly string[];
}

export const COLOURS: Record<FigureTheme, FigureColours> = {
  light: {
    background: '#ffffff',
    text: '#1f2328',
    notes: '#57606a',
    grid: '#e3e6ea',
    curves: ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#000000', '#e69f00'],
  },
  dark: {
    background: '#0d1117',
    text: '#e6edf3',
    notes: '#9da7b1',
    grid: '#2b313a',
    curves: ['#56b4e9', '#e69f00', '#2bc79a', '#e39ac4', '#ffffff', '#f0e442'],
  },
};

/** Lengths of stroke and gap in pixels. */
const DASHES = [
  [1, 0],
  [7, 4],
  [10, 3, 2, 3],
  [2, 3],
] as const;

const SHAPES = ['circle', 'square', 'triangle-up', 'diamond', 'triangle-down'] as const;

export interface CurveLook {
  colour: string;
  dash: readonly number[];
  shape: string;
}

/** How the `index`-th curve of a figure looks. Dash and shape, which need no colour, repeat together after 20. */
export function curveLook(index: number, { curves }: FigureColours): CurveLook {
  return { colour: cycled(curves, index), dash: cycled(DASHES, index), shape: cycled(SHAPES, index) };
}

function cycled<T>(list: readonly T[], index: number): T {
  return list[index % list.length] as T;
}
