/** One screen of the page: built once, then kept up to date while it is shown. */
export interface View<State> {
  readonly element: HTMLElement;
  update(state: State): void;
  /** Where the keyboard goes when the screen appears. */
  readonly focusTarget: HTMLElement;
}
