/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Texts of the named reasons: one for each, and none longer than an entry of the event log takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "virtio_osdep.h"
#include "virtio_reason.h"

/* StorPort takes 150 bytes of strings and dump data: 4 of data, then UTF-16 with its end (STOR_LOG_EVENT_DETAILS). */
#define TEXT_LONGEST ((150 - 4) / 2 - 1)

#define NUMBER(name, number, text) number,
static const int numbers[] = {VIRTIO_REASONS(NUMBER)};

static void test_texts(void **state)
{
    size_t i;
    size_t j;

    (void)state;
    for (i = 0; i < VIRTIO_ARRAY_COUNT(numbers); i++) {
        const char *text = VirtioReasonText((VIRTIO_REASON)numbers[i]);

        if (strlen(text) > TEXT_LONGEST)
            fail_msg("%u characters: %s", (unsigned)strlen(text), text);
        assert_int_not_equal(strlen(text), 0);
        for (j = 0; j < i; j++)
            assert_string_not_equal(text, VirtioReasonText((VIRTIO_REASON)numbers[j]));
    }
    assert_string_equal(VirtioReasonText(VIRTIO_REASON_END), "unknown reason");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_texts)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
