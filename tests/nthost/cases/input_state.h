/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the input devices say by their newest reports, as the parser reads them: what a desktop would believe. */
#ifndef NTHOST_INPUT_STATE_H
#define NTHOST_INPUT_STATE_H

#include "input.h"

struct input_state {
    struct hid_report newest[WDF_MAX_DEVICES][256]; /* by report id */
    int32_t moved_x, moved_y;                       /* sums of relative motion */
    int32_t at_x, at_y;                             /* the newest absolute position */
};

/* Takes in the reports that came; every device must have been judged open. */
void input_state_take(struct input_state *state);

/* Everything that is pressed, as usage page << 16 | usage, of all devices. Returns the number; negative: the parser
 * refuses. */
int input_state_pressed(const struct input_state *state, uint32_t usages[PARSER_MOST]);

#endif
