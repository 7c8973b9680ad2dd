/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The fault script: names for everything a fake device can do wrong, or do in an unusual way that is allowed. Each
 * fault turns one knob; the models look at the knobs. A fault's value can be given as "name=value".
 */
#ifndef FAKE_FAULT_H
#define FAKE_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fake_knob {
    /* configuration space and layout (fake_config.c) */
    KNOB_CAPS,          /* an enum fake_caps_fault */
    KNOB_CAP_LEN,       /* cap_len of each virtio capability */
    KNOB_COMMON_LENGTH, /* declared lengths of structures */
    KNOB_NOTIFY_LENGTH,
    KNOB_TYPE_LENGTH,
    KNOB_ALL_LENGTHS,
    KNOB_BAR_LENGTH, /* real length of the structures' BAR */
    KNOB_REVISION,
    KNOB_SUBSYSTEM, /* vendor << 16 | device */
    /* registers (fake_common.c) */
    KNOB_RESET_READS, /* how many status reads after reset still give the old value */
    KNOB_RESET_US,    /* how long */
    KNOB_RESET_STUCK,
    KNOB_FEATURES_REFUSED,
    KNOB_OFFER_OR,         /* extra bits on offer */
    KNOB_OFFER_ALL,        /* each word reads all ones */
    KNOB_OFFER_NOT,        /* bits not on offer */
    KNOB_OFFER_CHANGES,    /* the offer is another one at each read */
    KNOB_GENERATION_EACH,  /* generation moves at each read */
    KNOB_GENERATION_ONCE,  /* fields change once after so many reads of the type configuration, generation moves */
    KNOB_GENERATION_NEVER, /* same without moving it */
    KNOB_QUEUE_SIZE,
    KNOB_QUEUE_SIZE_MOVES, /* another size at each read */
    KNOB_QUEUE_SIZE_FIXED, /* writes to queue_size are dropped */
    KNOB_NUM_QUEUES,
    KNOB_NOTIFY_OFF,
    KNOB_MULTIPLIER,
    KNOB_VECTOR_REFUSE, /* the n-th mapping from 1 reads back NO_VECTOR */
    KNOB_VECTOR_JUNK,   /* mappings read back this value */
    KNOB_ENABLE_REFUSED,
    KNOB_NEEDS_RESET_AT,  /* NEEDS_RESET appears with this status bit */
    KNOB_GONE_AFTER,      /* removed at the n-th access to a BAR from 1 */
    KNOB_INTERRUPT_EARLY, /* interrupts at each status write */
    KNOB_INTERRUPT_LATE,  /* interrupts after a reset */
    KNOB_INTERRUPT_EMPTY, /* so many more interrupts with each */
    KNOB_ISR,             /* extra ISR bits with each interrupt */
    /* rings (fake_ring.c) */
    KNOB_USED_ID,     /* id of each used element is this */
    KNOB_USED_TWICE,  /* each element is given twice */
    KNOB_USED_MIDDLE, /* id is that of the chain's second descriptor */
    KNOB_USED_JUMP,   /* used idx moves by so many more, once */
    KNOB_USED_LEN,
    KNOB_USED_FLAGS_RANDOM,
    KNOB_SUPPRESS,      /* used flags 1, avail_event parked; 1: each poll looks at the ring, 2: none does */
    KNOB_SCRIBBLE_DESC, /* writes over the descriptor table after taking a chain */
    KNOB_SCRIBBLE_READ, /* writes over readable buffers */
    KNOB_STALLED,       /* chains are taken and never returned */
    KNOB_REORDER,       /* a batch is returned last first */
    KNOB_ONE_PER_POLL,  /* at most one chain per poll or notification */
    /* blk (fake_blk.c) */
    KNOB_BLK_STATUS,    /* status byte of each request */
    KNOB_BLK_NO_STATUS, /* status byte is not written */
    KNOB_BLK_SHORT,     /* reads deliver so many bytes less */
    KNOB_BLK_CAPACITY,  /* in sectors; -1 allowed */
    KNOB_BLK_BLK_SIZE,
    KNOB_BLK_SEG_MAX,
    KNOB_BLK_SIZE_MAX,
    KNOB_BLK_EXPONENT,
    KNOB_BLK_SEGMENTS,   /* max_discard_seg, max_write_zeroes_seg */
    KNOB_BLK_SECTORS,    /* max_discard_sectors, max_write_zeroes_sectors */
    KNOB_BLK_JUNK_AFTER, /* discarded sectors read as junk */
    /* net (fake_net.c) */
    KNOB_NET_MAC, /* as a number, first byte lowest */
    KNOB_NET_MTU,
    KNOB_NET_SPEED,
    KNOB_NET_DUPLEX,
    KNOB_NET_PAIRS,      /* max_virtqueue_pairs */
    KNOB_NET_BUFFERS,    /* num_buffers of each received frame */
    KNOB_NET_FLAGS,      /* of each received header */
    KNOB_NET_GSO,        /* gso_type of each received header */
    KNOB_NET_CSUM_START, /* of each received header, and csum_offset in the upper half */
    KNOB_NET_CTRL_ACK,   /* ack of each command */
    KNOB_NET_CTRL_SILENT, /* commands are never answered */
    /* input (fake_input.c) */
    KNOB_INPUT_SIZE,    /* size of each answer */
    KNOB_INPUT_RANGE,   /* ranges run from 100 to 100 less this */
    KNOB_INPUT_FULL,    /* all bits of the bitmaps that are there */
    KNOB_INPUT_UNKNOWN, /* unknown events before each */
    KNOB_INPUT_NO_SYN,  /* SYN_REPORT is never sent */
    /* snd (fake_snd.c) */
    KNOB_SND_JACKS, /* numbers in the configuration */
    KNOB_SND_STREAMS,
    KNOB_SND_CHMAPS,
    KNOB_SND_SWAPPED, /* 1: the input stream comes first */
    KNOB_SND_FEATURES, /* of each stream's information, as are the next three */
    KNOB_SND_FORMATS,
    KNOB_SND_RATES,
    KNOB_SND_CHANNELS, /* least, and most in the next byte */
    KNOB_SND_CHMAP_CHANNELS,
    KNOB_SND_INFO_SHORT, /* answers to queries are so many bytes short */
    KNOB_SND_FAIL,       /* request code << 16 | status of its answers; code 0: of all */
    KNOB_SND_CTRL_LATE,  /* answers come so many microseconds late; -1: never */
    KNOB_SND_PPM,        /* the sample clock is so much off */
    KNOB_SND_LATE,       /* audio messages come back up to so many microseconds late */
    KNOB_SND_LATENCY,    /* latency_bytes */
    KNOB_SND_IO_STATUS,  /* status of audio messages */
    KNOB_SND_KEEP,       /* RELEASE does not return messages */
    KNOB_SND_EVENTS,     /* so many junk events with each poll */
    KNOB_COUNT
};

enum fake_caps_fault {
    CAPS_GOOD,
    CAPS_NONE,   /* no capability list at all */
    CAPS_LEGACY, /* a list without virtio capabilities */
    CAPS_LOOP,
    CAPS_SELF,             /* the first capability points to itself */
    CAPS_LOW,              /* a pointer into the header */
    CAPS_LOW_BITS,         /* pointers with their reserved bits set: legal */
    CAPS_RESERVED_TYPES,   /* types 0, 6, 7, 0xFF first: legal */
    CAPS_RESERVED_BAR,     /* a common capability with BAR 6 first: legal */
    CAPS_ABSENT_BAR,       /* one that names a BAR that is not there */
    CAPS_TWICE,            /* a second notify capability behind: the first counts */
    CAPS_MISALIGNED,       /* common at an odd offset, no other instance */
    CAPS_MISALIGNED_FIRST, /* same, a good one behind */
    CAPS_OVERFLOW,         /* common offset + length wrap around 2^32 */
    CAPS_OUTSIDE,          /* common offset behind the BAR */
    CAPS_TAIL,             /* a capability whose body would leave the space */
    CAPS_NO_COMMON,
    CAPS_NO_NOTIFY,
    CAPS_NO_ISR,
    CAPS_NO_TYPE,
    CAPS_ALL_ONES,    /* the space reads all ones */
    CAPS_VENDOR_DATA, /* type 9 of a foreign vendor: legal */
    CAPS_OTHER_VENDOR /* not a virtio device */
};

struct fake_fault {
    const char *name;
    const char *rows; /* rows of conformance.md that it is for */
    const char *text;
    enum fake_knob knob;
    int64_t value;
    bool legal; /* a driver must work with it */
};

/* The table. */
extern const struct fake_fault fake_faults[];
extern const size_t fake_fault_count;

struct fake_knobs {
    bool set[KNOB_COUNT];
    int64_t value[KNOB_COUNT];
};

/* Turns the knobs of a list "name[=value],...". false: error says which name is unknown. */
bool fake_faults_apply(struct fake_knobs *knobs, const char *list, char *error, size_t error_size);

#endif
