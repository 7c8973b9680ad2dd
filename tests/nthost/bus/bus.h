/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A PCI bus with guest RAM: what the NT host puts behind a driver. QEMU's real devices (bus/qemu) and the fake device
 * (bus/fake) are two of these. Plain C types only: NT-facing and Linux-facing units both include it.
 *
 * One thread uses a bus. No call blocks for longer than its timeout. A bus that lost its device process says so through
 * `dead` and answers reads with all ones from then on.
 */
#ifndef NTHOST_BUS_H
#define NTHOST_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Aligned alike in NT-facing units, which have Windows' alignment on x86, and in Linux-facing ones. */
#define BUS_U64 _Alignas(8) uint64_t

enum { BUS_MAX_FUNCTIONS = 16, BUS_MAX_LINES = 24, BUS_MAX_VECTORS = 64 };

struct bus_bar {
    BUS_U64 address; /* assigned by the bus at open; 0: no such BAR */
    BUS_U64 length;
    bool is_io;
};

/* A PCI function with its resources already assigned and memory, I/O and bus mastering enabled. */
struct bus_function {
    unsigned devfn; /* device << 3 | function, on bus 0 */
    uint16_t vendor_id, device_id;
    uint8_t revision;
    uint16_t subsystem_vendor_id, subsystem_id;
    struct bus_bar bar[6];
    unsigned line;         /* interrupt line (GSI) of INTA# */
    unsigned msix_vectors; /* table size, 0: no MSI-X */
    unsigned msix_granted; /* 0: the function runs with INTx (set by msix_enable) */
};

/* Guest RAM: one shared file. Physical [0, low_size) is at file offset 0, physical 4 GiB and up at offset low_size. */
struct bus_ram {
    int fd;
    BUS_U64 size; /* bytes, in total */
    BUS_U64 low_size;
    BUS_U64 first_free; /* physical addresses below are not to be used by the host (1 MiB and the bus's own pages) */
};

struct bus;

struct bus_ops {
    const char *name;
    uint32_t (*config_read)(struct bus *bus, unsigned devfn, unsigned offset, unsigned width);
    void (*config_write)(struct bus *bus, unsigned devfn, unsigned offset, unsigned width, uint32_t value);
    /* Device memory by physical address; width 1, 2, 4 or 8. */
    uint64_t (*mem_read)(struct bus *bus, uint64_t address, unsigned width);
    void (*mem_write)(struct bus *bus, uint64_t address, unsigned width, uint64_t value);
    /*
     * Takes in what the devices have said. Waits up to timeout_us, but no longer than until a line that rose since the
     * last call is high, a message is there to be taken, or the bus is dead. A line that stays high is no news.
     */
    void (*poll)(struct bus *bus, unsigned timeout_us);
    /* Level of an interrupt line, as of the last poll or register access. */
    bool (*line_level)(struct bus *bus, unsigned line);
    /*
     * Programs and enables count vectors of the function's MSI-X table (each with a message of its own), 0 disables.
     * Returns how many were granted.
     */
    unsigned (*msix_enable)(struct bus *bus, unsigned function, unsigned count);
    /* Takes one message: true once per arrival (arrivals in between fold into one, as on hardware). */
    bool (*msix_take)(struct bus *bus, unsigned function, unsigned vector);
    /* Microseconds since the bus was opened: real time for QEMU, virtual time for the fake bus. */
    uint64_t (*clock_us)(struct bus *bus);
    /* Ends the device process, if any; frees bus. */
    void (*close)(struct bus *bus);
};

struct bus {
    const struct bus_ops *ops;
    struct bus_ram ram;
    struct bus_function function[BUS_MAX_FUNCTIONS]; /* virtio functions (vendor 0x1AF4) only */
    unsigned function_count;
    bool dead;
    char why[256]; /* why it is dead, for the user */
};

/* What the user asked for; strings are borrowed for the call. */
struct bus_qemu_options {
    const char *qemu;        /* program; NULL: qemu-system-x86_64 from PATH */
    const char *machine;     /* "q35" or "pc", with further -machine properties if wanted */
    const char *const *args; /* further QEMU arguments (-device, -blockdev, -netdev ...), NULL-terminated */
    uint64_t ram_mib;        /* 0: 2048, of which half lies above 4 GiB */
    const char *run_dir; /* folder for the RAM file when /dev/shm has no room for it; NULL: /tmp. Nothing stays there */
    bool trace;          /* show each command on stderr */
};

/*
 * Starts QEMU with a halted CPU and shared RAM, finds the virtio functions, assigns their resources. QEMU is killed
 * when the thread that called this ends, however that comes.
 *
 * error    out: one line for the user when NULL is returned
 */
struct bus *bus_qemu_open(const struct bus_qemu_options *options, char *error, size_t error_size);

/* Sends one QMP command line (JSON). Returns the reply line, valid until the next call; NULL: none. */
const char *bus_qemu_qmp(struct bus *bus, const char *command);

/* File offset of a physical address of guest RAM; UINT64_MAX when [address, address + length) is not RAM. */
uint64_t bus_ram_offset(const struct bus_ram *ram, uint64_t address, uint64_t length);

#endif
