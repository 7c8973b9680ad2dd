/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* VirtqSplitDump, in a build of the engine with VIRTQ_DEBUG. */
#include "ring_fixture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct lines {
    char text[1024];
    unsigned count;
};

static void collect(const char *line, void *context)
{
    struct lines *lines = context;

    strcat(lines->text, line);
    strcat(lines->text, "\n");
    lines->count++;
}

static void test_dump(void **state)
{
    struct ring_fixture *f = ring_fixture_open((struct ring_options){8, true, 1, 4, 0});
    const VIRTQ_SG sg[3] = {{1, 1, FALSE}, {2, 2, TRUE}, {3, 3, TRUE}};
    struct lines lines = {"", 0};
    UINT16 heads[3];

    (void)state;
    assert_int_equal(VirtqSplitAddBuffer(f->vq, sg, 3, f, &heads[0]), STATUS_SUCCESS);
    assert_int_equal(VirtqSplitAddBuffer(f->vq, sg, 3, f, &heads[1]), STATUS_SUCCESS);
    assert_int_equal(VirtqSplitAddBuffer(f->vq, sg, 1, f, &heads[2]), STATUS_SUCCESS);
    VirtqSplitPublish(f->vq, heads[0]);
    VirtqSplitPublish(f->vq, heads[1]);
    VirtqSplitDisableInterrupts(f->vq);
    ring_device_set_avail_event(&f->device, 0xBEEF);
    VirtqSplitDump(f->vq, collect, &lines);
    assert_string_equal(lines.text,
                        "virtq size=8 event_idx=1 tables=1 free=3 free_tables=0 broken=0\n"
                        "driver avail_idx=2 kicked_idx=0 used_idx=0 interrupts=0 used_event=ffff\n"
                        "device used_idx=0 used_flags=0 avail_event=beef\n"
                        "head=0 published=1 table=0\n"
                        "head=1 published=1 descriptors=3\n"
                        "head=4 published=0 descriptors=1\n");
    ring_fixture_close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_dump)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
