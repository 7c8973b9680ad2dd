/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "qemu_qtest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static void lose(struct qtest *qtest, const char *what, const char *detail)
{
    if (qtest->lost) {
        return;
    }
    qtest->lost = true;
    snprintf(qtest->why, sizeof(qtest->why), "%s%s", what, detail);
}

static void trace(const struct qtest *qtest, const char *prefix, const char *text, size_t length)
{
    if (!qtest->trace) {
        return;
    }
    if (write(STDERR_FILENO, prefix, strlen(prefix)) < 0 || write(STDERR_FILENO, text, length) < 0) {
        return; /* nobody to tell */
    }
}

bool qtest_set_timeout(struct qtest *qtest, unsigned timeout_s)
{
    struct timeval timeout = {.tv_sec = timeout_s};

    if (setsockopt(qtest->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) != 0) {
        lose(qtest, "qtest socket: ", strerror(errno));
    }
    return !qtest->lost;
}

void qtest_init(struct qtest *qtest, int fd, unsigned timeout_s, bool tracing)
{
    memset(qtest, 0, sizeof(*qtest));
    qtest->fd = fd;
    qtest->trace = tracing;
    qtest_set_timeout(qtest, timeout_s);
}

/* "IRQ raise N" or "IRQ lower N". */
static bool take_interrupt(struct qtest *qtest, const char *line)
{
    unsigned number = 0;
    const char *digit;
    bool raise = strncmp(line, "IRQ raise ", 10) == 0;

    if (!raise && strncmp(line, "IRQ lower ", 10) != 0) {
        return false;
    }
    for (digit = line + 10; *digit >= '0' && *digit <= '9' && number < 32; digit++) {
        number = number * 10 + (unsigned)(*digit - '0');
    }
    if (number < 32) {
        if (raise) {
            qtest->lines |= 1u << number;
            qtest->raised |= 1u << number;
        } else {
            qtest->lines &= ~(1u << number);
        }
    }
    return true;
}

static uint64_t parse_hex(const char *text)
{
    uint64_t value = 0;

    for (;; text++) {
        unsigned c = (unsigned char)*text | 0x20u; /* letters in lower case; digits have the bit anyway */
        if (c >= '0' && c <= '9') {
            value = value << 4 | (c - '0');
        } else if (c >= 'a' && c <= 'f') {
            value = value << 4 | (c - 'a' + 10);
        } else {
            return value;
        }
    }
}

/* One reply line. True: it is the answer to a read, in *value. */
static bool take_reply(struct qtest *qtest, const char *line, uint64_t *value)
{
    bool wanted;

    if (qtest->pending == 0 || strncmp(line, "OK", 2) != 0) {
        lose(qtest, "unexpected reply on the qtest socket: ", line);
        return false;
    }
    wanted = qtest->wanted[qtest->oldest];
    qtest->oldest = (qtest->oldest + 1) % QTEST_MAX_PENDING;
    qtest->pending--;
    if (wanted) {
        *value = strncmp(line, "OK 0x", 5) == 0 ? parse_hex(line + 5) : UINT64_MAX;
    }
    return wanted;
}

/* Receives once. flags MSG_DONTWAIT: false also when nothing is there. */
static bool receive(struct qtest *qtest, int flags)
{
    ssize_t count;

    if (qtest->in_next > 0) {
        memmove(qtest->in, qtest->in + qtest->in_next, qtest->in_used - qtest->in_next);
        qtest->in_used -= qtest->in_next;
        qtest->in_next = 0;
    }
    if (qtest->in_used == sizeof(qtest->in)) {
        lose(qtest, "endless line on the qtest socket", "");
        return false;
    }
    do {
        count = recv(qtest->fd, qtest->in + qtest->in_used, sizeof(qtest->in) - qtest->in_used, flags);
    } while (count < 0 && errno == EINTR);
    if (count > 0) {
        qtest->in_used += (size_t)count;
        return true;
    }
    if (count == 0 || errno == ECONNRESET) {
        lose(qtest, "QEMU ended", "");
    } else if (errno != EAGAIN) {
        lose(qtest, "qtest socket: ", strerror(errno));
    } else if ((flags & MSG_DONTWAIT) == 0) {
        lose(qtest, "QEMU no longer answers", "");
    }
    return false;
}

/* The next complete line among what was received, terminated; NULL: none. */
static char *next_line(struct qtest *qtest)
{
    char *line = qtest->in + qtest->in_next;
    char *end = memchr(line, '\n', qtest->in_used - qtest->in_next);

    if (end == NULL) {
        return NULL;
    }
    trace(qtest, "qtest< ", line, (size_t)(end - line) + 1);
    *end = '\0';
    qtest->in_next = (size_t)(end - qtest->in) + 1;
    return line;
}

/* Takes lines until the answer of a read (stop_at_value), or until fewer than `below` commands are open. */
static uint64_t take_replies(struct qtest *qtest, bool stop_at_value, unsigned below)
{
    uint64_t value = UINT64_MAX;

    while (!qtest->lost && (stop_at_value || qtest->pending >= below)) {
        char *line = next_line(qtest);
        if (line == NULL) {
            if (qtest->pending == 0 || !receive(qtest, 0)) {
                break;
            }
            continue;
        }
        if (!take_interrupt(qtest, line) && take_reply(qtest, line, &value) && stop_at_value) {
            return value;
        }
    }
    return UINT64_MAX;
}

void qtest_flush(struct qtest *qtest)
{
    size_t sent = 0;

    while (sent < qtest->out_used && !qtest->lost) {
        ssize_t count = send(qtest->fd, qtest->out + sent, qtest->out_used - sent, MSG_NOSIGNAL);
        if (count >= 0) {
            sent += (size_t)count;
        } else if (errno == EPIPE || errno == ECONNRESET) {
            lose(qtest, "QEMU ended", "");
        } else if (errno != EINTR) {
            lose(qtest, "qtest socket: ", strerror(errno));
        }
    }
    qtest->out_used = 0;
}

static char *put_text(char *at, const char *text)
{
    while (*text != '\0') {
        *at++ = *text++;
    }
    return at;
}

static char *put_number(char *at, uint64_t value)
{
    int shift = 60;

    at = put_text(at, " 0x");
    while (shift > 0 && value >> shift == 0) {
        shift -= 4;
    }
    for (; shift >= 0; shift -= 4) {
        *at++ = "0123456789abcdef"[value >> shift & 15];
    }
    return at;
}

/* Enters a command as pending; it is in `out` from start on. */
static void queue(struct qtest *qtest, char *end, bool wanted)
{
    char *start = qtest->out + qtest->out_used;

    *end++ = '\n';
    trace(qtest, "qtest> ", start, (size_t)(end - start));
    qtest->out_used += (size_t)(end - start);
    qtest->wanted[(qtest->oldest + qtest->pending) % QTEST_MAX_PENDING] = wanted;
    qtest->pending++;
}

/* Room for one command more. Replies to writes are taken here when many are open; reads are few by then. */
static bool make_room(struct qtest *qtest)
{
    if (qtest->pending == QTEST_MAX_PENDING) {
        qtest_flush(qtest);
        if (qtest->wanted[qtest->oldest]) {
            lose(qtest, "too many reads queued", "");
        }
        take_replies(qtest, false, QTEST_MAX_PENDING);
    }
    return !qtest->lost;
}

void qtest_queue_write(struct qtest *qtest, const char *verb, uint64_t address, uint64_t value)
{
    if (make_room(qtest)) {
        queue(qtest, put_number(put_number(put_text(qtest->out + qtest->out_used, verb), address), value), false);
    }
}

void qtest_queue_read(struct qtest *qtest, const char *verb, uint64_t address)
{
    if (make_room(qtest)) {
        queue(qtest, put_number(put_text(qtest->out + qtest->out_used, verb), address), true);
    }
}

uint64_t qtest_value(struct qtest *qtest)
{
    qtest_flush(qtest);
    return take_replies(qtest, true, 0);
}

bool qtest_plain(struct qtest *qtest, const char *command)
{
    if (strlen(command) >= QTEST_LINE || !make_room(qtest)) {
        return false;
    }
    queue(qtest, put_text(qtest->out + qtest->out_used, command), false);
    qtest_flush(qtest);
    take_replies(qtest, false, 1);
    return !qtest->lost;
}

void qtest_drain(struct qtest *qtest)
{
    uint64_t ignored;

    do {
        char *line;
        while (!qtest->lost && (line = next_line(qtest)) != NULL) {
            if (!take_interrupt(qtest, line)) {
                take_reply(qtest, line, &ignored); /* of writes: no read is open between operations */
            }
        }
    } while (!qtest->lost && receive(qtest, MSG_DONTWAIT));
}
