// Needs: nothing. Gives: panel_at(row, stride, panel): where column 0 of a row lies when `panel` rows are interleaved,
// column by column, as linear_tile.comp reads them; column c lies c * panel further. Panel 1: rows one after another.

#ifndef PANEL_GLSL
#define PANEL_GLSL
uint panel_at(uint row, uint stride, uint panel) {
    return row / panel * panel * stride + row % panel;
}
#endif
