/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Random devices. */
#include "input_random.h"

#include <string.h>

static uint32_t roll(uint64_t *state, uint32_t below)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 32) % below;
}

static void randomise(uint64_t *state, UINT8 *bitmap, size_t size)
{
    unsigned density = roll(state, 9); /* from empty to full */
    for (size_t i = 0; i < size; i++) {
        bitmap[i] = 0;
        for (unsigned bit = 0; bit < 8; bit++) {
            bitmap[i] |= (UINT8)((roll(state, 8) < density) << bit);
        }
    }
}

static INT32 random_number(uint64_t *state)
{
    uint32_t value = roll(state, 0xFFFFFFFF);
    INT32 number = (INT32)(value >> (1 + roll(state, 31)));
    return roll(state, 2) != 0 ? number : -number;
}

BOOLEAN input_random_layout(uint64_t *state, INPUT_CONFIG *config, INPUT_LAYOUT *layout)
{
    memset(config, 0, sizeof *config);
    randomise(state, config->keys, sizeof config->keys);
    randomise(state, config->rels, sizeof config->rels);
    randomise(state, config->leds, sizeof config->leds);
    for (unsigned axis = 0; axis < INPUT_AXIS_COUNT; axis++) {
        INT32 a = random_number(state), b = random_number(state);
        uint32_t unit = roll(state, 3), resolution = unit * roll(state, 1000);
        if (roll(state, 2) != 0 && a != b) {
            config->abses[axis / 8] |= (UINT8)(1u << (axis % 8));
            config->ranges[axis] = (INPUT_ABS_RANGE){a < b ? a : b, a < b ? b : a, resolution};
        }
    }
    return InputLayoutBuild(config, roll(state, 4) != 0, layout);
}
