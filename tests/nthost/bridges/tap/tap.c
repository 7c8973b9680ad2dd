/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* TAP devices: linux/if_tun.h, linux/virtio_net.h, Documentation/networking/tuntap.rst. */
#define _GNU_SOURCE
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_arp.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { ADDRESSES = 12, TAG = 4, HEADER = sizeof(struct virtio_net_hdr_mrg_rxbuf) };

struct tap {
    int fd;
    char name[IFNAMSIZ];
    FILE *multicast; /* the namespace's /proc/net/dev_mcast */
    uint8_t buffer[TAP_MAX_FRAME];
};

/* Runs in the namespace: the interface is made in the one that the thread is in. */
static bool configure(struct tap *tap, const char *name, const struct tap_options *o, const char **what)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
    int size = HEADER, socket_fd;
    bool good;
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    snprintf(tap->name, sizeof tap->name, "%s", name);
    tap->multicast = fopen("/proc/thread-self/net/dev_mcast", "re");
    *what = "/dev/net/tun";
    tap->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    socket_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (tap->fd < 0 || socket_fd < 0 || ioctl(tap->fd, TUNSETIFF, &request) != 0 ||
        ioctl(tap->fd, TUNSETVNETHDRSZ, &size) != 0) {
        close(socket_fd);
        return false;
    }
    *what = "MAC address, MTU or state of the TAP device";
    request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
    memcpy(request.ifr_hwaddr.sa_data, o->mac, 6);
    good = ioctl(socket_fd, SIOCSIFHWADDR, &request) == 0;
    request.ifr_mtu = (int)o->mtu;
    good = good && ioctl(socket_fd, SIOCSIFMTU, &request) == 0 && ioctl(socket_fd, SIOCGIFFLAGS, &request) == 0;
    request.ifr_flags |= IFF_UP;
    good = good && ioctl(socket_fd, SIOCSIFFLAGS, &request) == 0;
    close(socket_fd);
    return good;
}

struct tap *tap_open(const struct tap_options *o, char *error, size_t error_size)
{
    struct tap *tap = calloc(1, sizeof *tap);
    const char *slash = strchr(o->place, '/'), *what = "memory";
    char path[256];
    int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), there = -1;
    bool good = tap != NULL && home >= 0;
    if (tap != NULL) {
        tap->fd = -1;
    }
    if (good && slash != NULL) {
        snprintf(path, sizeof path, "/run/netns/%.*s", (int)(slash - o->place), o->place);
        there = open(path, O_RDONLY | O_CLOEXEC);
        what = path;
        good = there >= 0 && setns(there, CLONE_NEWNET) == 0;
    }
    good = good && configure(tap, slash != NULL ? slash + 1 : o->place, o, &what);
    if (!good) {
        snprintf(error, error_size, "TAP device %s: %s: %s", o->place, what, strerror(errno));
    }
    if (there >= 0) {
        if (setns(home, CLONE_NEWNET) != 0) {
            abort(); /* nothing that follows would be where it should be */
        }
        close(there);
    }
    if (home >= 0) {
        close(home);
    }
    if (!good && tap != NULL) {
        tap_close(tap);
        tap = NULL;
    }
    return tap;
}

void tap_close(struct tap *tap)
{
    if (tap->fd >= 0) {
        close(tap->fd);
    }
    if (tap->multicast != NULL) {
        fclose(tap->multicast);
    }
    free(tap);
}

bool tap_set_offload(struct tap *tap, bool checksum, bool tso4, bool tso6)
{
    unsigned long flags = !checksum ? 0 : TUN_F_CSUM | (tso4 ? TUN_F_TSO4 : 0) | (tso6 ? TUN_F_TSO6 : 0);
    return ioctl(tap->fd, TUNSETOFFLOAD, flags) == 0;
}

void tap_set_carrier(struct tap *tap, bool is_up)
{
    int value = is_up;
    ioctl(tap->fd, TUNSETCARRIER, &value);
}

unsigned tap_multicast(struct tap *tap, uint8_t (*addresses)[6], unsigned most)
{
    char name[64], hex[64];
    unsigned count = 0;
    if (tap->multicast == NULL) {
        return 0;
    }
    rewind(tap->multicast);
    /* index, interface, users, of them global, address */
    while (fscanf(tap->multicast, "%*d %63s %*d %*d %63s", name, hex) == 2) {
        uint8_t address[6];
        if (strcmp(name, tap->name) == 0 && strlen(hex) == 12 &&
            sscanf(hex, "%2hhx%2hhx%2hhx%2hhx%2hhx%2hhx", &address[0], &address[1], &address[2], &address[3], &address[4],
                   &address[5]) == 6) {
            if (count < most) {
                memcpy(addresses[count], address, 6);
            }
            count++;
        }
    }
    return count;
}

int tap_poll_fd(const struct tap *tap)
{
    return tap->fd;
}

static uint16_t get16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

bool tap_read(struct tap *tap, struct tap_frame *frame)
{
    struct virtio_net_hdr_mrg_rxbuf header;
    struct iovec parts[2] = {{&header, sizeof header}, {tap->buffer, sizeof tap->buffer}};
    ssize_t got = readv(tap->fd, parts, 2);
    if (got < HEADER + ADDRESSES + 2) {
        return false;
    }
    memset(frame, 0, sizeof *frame);
    frame->bytes = tap->buffer;
    frame->length = (uint32_t)got - HEADER;
    if (header.hdr.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
        frame->checksum_start = header.hdr.csum_start;
        frame->checksum_offset = header.hdr.csum_offset;
    }
    frame->mss = header.hdr.gso_type != VIRTIO_NET_HDR_GSO_NONE ? header.hdr.gso_size : 0;
    if (get16(tap->buffer + ADDRESSES) == 0x8100 && frame->length >= ADDRESSES + TAG + 2) {
        frame->is_tagged = true;
        frame->tag = get16(tap->buffer + ADDRESSES + 2);
        memmove(tap->buffer + TAG, tap->buffer, ADDRESSES);
        frame->bytes += TAG;
        frame->length -= TAG;
        frame->checksum_start -= frame->checksum_start != 0 ? TAG : 0;
    }
    return true;
}

bool tap_write(struct tap *tap, const struct tap_frame *frame, bool checksum_good)
{
    struct virtio_net_hdr_mrg_rxbuf header = {.hdr.flags = checksum_good ? VIRTIO_NET_HDR_F_DATA_VALID : 0};
    uint8_t tag[TAG] = {0x81, 0x00, (uint8_t)(frame->tag >> 8), (uint8_t)frame->tag};
    struct iovec parts[4] = {{&header, sizeof header},
                             {frame->bytes, ADDRESSES},
                             {tag, frame->is_tagged ? TAG : 0},
                             {frame->bytes + ADDRESSES, frame->length - ADDRESSES}};
    return writev(tap->fd, parts, 4) > 0;
}
