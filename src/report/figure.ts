/* What a figure shows, as plain data: independent of the results it comes from and of the library that draws it. */

export interface Figure {
  title: string;
  /** Lines below the title. */
  notes: readonly string[];
  /** From top to bottom, with aligned plots. */
  panels: readonly Panel[];
}

export interface Panel {
  x: Axis;
  y: Axis;
  /** Curves; a legend names them where there are several. */
  series: readonly Series[];
  /** Vertical lines at values of x, their labels above the plot. */
  markers: readonly Marker[];
  /** Shaded ranges of x. */
  bands?: readonly Band[];
}

export interface Axis {
  /** Name of the quantity, with its unit in parentheses where it has one. */
  title: string;
  /** How the ticks are chosen and written: 1, 2, 3; 0.1, 0.2; 1e-5, 2e-5; 1e-5, 1e-4 on a logarithmic scale. */
  ticks: 'integer' | 'decimal' | 'scientific' | 'logarithmic';
}

export interface Series {
  name: string;
  points: readonly Point[];
  /** Points to draw a ring around. */
  ringed?: readonly Point[];
}

/** A y that is not finite is a gap in the curve. */
export interface Point {
  x: number;
  y: number;
}

export interface Marker {
  x: number;
  /** Empty for none. */
  label: string;
}

export interface Band {
  from: number;
  to: number;
}
