/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Traps of device memory accesses: learn an instruction once, then emulate it. */
#define _GNU_SOURCE
#include "mmio.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "cpu.h"
#include "image/image.h"
#include "stack.h"
#include "verify/verify.h"

#if defined(__x86_64__)
enum { GPR_FIRST = REG_R8, GPR_END = REG_RIP, GPR_STACK = REG_RSP, REG_IP = REG_RIP };
/* ModRM register number to index in gregs */
static const int gpr_of[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                               REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
#else
enum { GPR_FIRST = REG_EDI, GPR_END = REG_EAX + 1, GPR_STACK = REG_ESP, REG_IP = REG_EIP };
static const int gpr_of[8] = {REG_EAX, REG_ECX, REG_EDX, REG_EBX, REG_ESP, REG_EBP, REG_ESI, REG_EDI};
#endif

enum { PAGE = 4096, MAX_WINDOWS = 64, LEARNT = 256, TRAP_FLAG = 0x100, SHADOW = 8 };

struct window {
    uint8_t *va;
    size_t length;
    uint64_t address;
    bool in_use;
};

enum kind { UNKNOWN, LOAD, STORE };

struct learnt {
    uintptr_t ip;
    enum kind kind;
    uint8_t length, width;
    int gpr; /* index in gregs */
    bool clears_upper;
};

/* One instruction being stepped over a shadow page. */
struct step {
    int pass; /* 0: none under way */
    struct window *window;
    uint8_t *at;
    greg_t before[NGREG], after[2][NGREG];
    uint8_t shadow[2][SHADOW];
};

static struct mmio_bus device_bus;
static struct window window[MAX_WINDOWS];
static struct learnt learnt[LEARNT];
static struct step step;
unsigned long mmio_reads, mmio_writes;

static const uint8_t pattern[SHADOW] = {0xa1, 0x52, 0xb3, 0x64, 0xc5, 0x76, 0xd7, 0x48};

static struct window *window_at(const void *pointer)
{
    for (int i = 0; i < MAX_WINDOWS; i++) {
        size_t offset = (size_t)((const uint8_t *)pointer - window[i].va);
        if (window[i].in_use && (const uint8_t *)pointer >= window[i].va && offset < window[i].length) {
            return &window[i];
        }
    }
    return NULL;
}

uint64_t mmio_address(const void *pointer)
{
    struct window *w = window_at(pointer);
    return w != NULL ? w->address + (uint64_t)((const uint8_t *)pointer - w->va) : UINT64_MAX;
}

static uint64_t bus_load(const uint8_t *at, unsigned width)
{
    uint64_t value;
    mmio_reads++;
    value = device_bus.read(device_bus.context, mmio_address(at), width);
    trace("    load%u  %#llx = %#llx", width * 8, (unsigned long long)mmio_address(at), (unsigned long long)value);
    return value;
}

static void bus_store(const uint8_t *at, unsigned width, uint64_t value)
{
    mmio_writes++;
    trace("    store%u %#llx = %#llx", width * 8, (unsigned long long)mmio_address(at), (unsigned long long)value);
    device_bus.write(device_bus.context, mmio_address(at), width, value);
}

static void check_alignment(const uint8_t *at, unsigned width)
{
    if (mmio_address(at) % width != 0) {
        rule_broken("mmio.alignment", "an access of %u bytes at device address %#llx is not naturally aligned", width,
                    (unsigned long long)mmio_address(at));
    }
}

static uint64_t low_bytes(uint64_t value, unsigned width)
{
    return width == 8 ? value : value & ((1ULL << width * 8) - 1);
}

static void set_gpr(greg_t *gregs, const struct learnt *l, uint64_t value)
{
    uint64_t old = (uint64_t)gregs[l->gpr];
    gregs[l->gpr] = (greg_t)(l->clears_upper ? value : (old & ~low_bytes(UINT64_MAX, l->width)) | value);
}

static struct learnt *learnt_slot(uintptr_t ip)
{
    return &learnt[(ip ^ ip >> 8) % LEARNT];
}

static bool emulate(greg_t *gregs, const uint8_t *at)
{
    struct learnt *l = learnt_slot((uintptr_t)gregs[REG_IP]);
    if (l->ip != (uintptr_t)gregs[REG_IP] || l->kind == UNKNOWN) {
        return false;
    }
    check_alignment(at, l->width);
    if (l->kind == LOAD) {
        set_gpr(gregs, l, bus_load(at, l->width));
    } else {
        bus_store(at, l->width, low_bytes((uint64_t)gregs[l->gpr], l->width));
    }
    gregs[REG_IP] += l->length;
    return true;
}

static uint8_t *page_of(const uint8_t *at)
{
    return (uint8_t *)((uintptr_t)at & ~(uintptr_t)(PAGE - 1));
}

static void begin_pass(greg_t *gregs, int pass)
{
    memcpy(gregs, step.before, sizeof step.before);
    for (int i = 0; i < SHADOW; i++) {
        step.at[i] = pass == 1 ? pattern[i] : (uint8_t)~pattern[i];
    }
    step.pass = pass;
    gregs[REG_EFL] |= TRAP_FLAG;
}

static void begin_step(greg_t *gregs, struct window *w, uint8_t *at)
{
    if (((uintptr_t)at & (PAGE - 1)) > PAGE - SHADOW && ((uintptr_t)at & 7) != 0 && ((uintptr_t)at & 3) != 0) {
        check_alignment(at, 8);
    }
    memcpy(step.before, gregs, sizeof step.before);
    step.window = w;
    step.at = at;
    mprotect(page_of(at), 2 * PAGE, PROT_READ | PROT_WRITE); /* windows have a spare page behind them */
    begin_pass(gregs, 1);
}

static unsigned stored_width(void)
{
    unsigned width = 0;
    while (width < SHADOW && step.shadow[0][width] == step.shadow[1][width]) {
        width++;
    }
    return width;
}

/* A load's destination is the register whose low bytes are the page's in both passes. */
static struct learnt learn_load(void)
{
    struct learnt l = {.ip = (uintptr_t)step.before[REG_IP]};
    uint8_t inverse[SHADOW];
    for (int i = 0; i < SHADOW; i++) {
        inverse[i] = (uint8_t)~pattern[i];
    }
    for (int gpr = GPR_FIRST; gpr < GPR_END; gpr++) {
        const uint8_t *first = (const uint8_t *)&step.after[0][gpr], *second = (const uint8_t *)&step.after[1][gpr];
        unsigned width = 0;
        while (width < sizeof(greg_t) && first[width] == pattern[width] && second[width] == inverse[width]) {
            width++;
        }
        if (width != 0) {
            uint64_t rest = (uint64_t)step.after[0][gpr] & ~low_bytes(UINT64_MAX, width);
            l.kind = l.kind == UNKNOWN && gpr != GPR_STACK ? LOAD : UNKNOWN;
            l.gpr = gpr;
            l.width = (uint8_t)width;
            l.clears_upper = rest == 0;
            if (rest != 0 && rest != ((uint64_t)step.before[gpr] & ~low_bytes(UINT64_MAX, width))) {
                l.kind = UNKNOWN;
            }
        }
    }
    return l;
}

/* A store's source register stands in its ModRM byte, if it is one of the two plain opcodes; else it stays unknown. */
static struct learnt learn_store(unsigned width)
{
    struct learnt l = {.ip = (uintptr_t)step.before[REG_IP], .width = (uint8_t)width};
    const uint8_t *code = (const uint8_t *)l.ip;
    unsigned high = 0;
    if (*code == 0x66) {
        code++;
    }
#if defined(__x86_64__)
    if ((*code & 0xf0) == 0x40) {
        high = (*code & 4) != 0 ? 8 : 0;
        code++;
    }
#endif
    if (*code == 0x88 || *code == 0x89) {
        l.gpr = gpr_of[(code[1] >> 3 & 7) + high];
        if (memcmp(&step.before[l.gpr], step.shadow[0], width) == 0) {
            l.kind = STORE;
        }
    }
    return l;
}

static void end_step(greg_t *gregs)
{
    unsigned stored = stored_width();
    struct learnt l = stored != 0 ? learn_store(stored) : learn_load();
    mprotect(page_of(step.at), 2 * PAGE, PROT_NONE);
    step.pass = 0;
    l.length = (uint8_t)(step.after[0][REG_IP] - step.before[REG_IP]);
    if ((stored == 0 && l.kind == UNKNOWN) || (l.width & (l.width - 1)) != 0) {
        rule_broken("mmio.instruction", "device memory is accessed by an instruction that is no plain load or store");
    }
    check_alignment(step.at, l.width);
    if (stored != 0) {
        uint64_t value = 0;
        memcpy(&value, step.shadow[0], stored);
        bus_store(step.at, stored, value);
        memcpy(gregs, step.before, sizeof step.before);
    } else {
        memcpy(gregs, step.before, sizeof step.before);
        set_gpr(gregs, &l, bus_load(step.at, l.width));
    }
    gregs[REG_IP] = step.before[REG_IP] + l.length;
    *learnt_slot(l.ip) = l;
}

static _Noreturn void report_fault(const greg_t *gregs, const void *address)
{
    char place[160];
    uintptr_t ip = (uintptr_t)gregs[REG_IP], sp = (uintptr_t)gregs[GPR_STACK];
    image_describe(ip, place, sizeof place);
    if (image_at(ip) == NULL && !cpu_in_driver()) {
        host_fatal("the host itself failed at %s (address %p)", place, address);
    }
    crossing.stack_pointer = sp;
    if (stack_depth(sp) > STACK_LIMIT) {
        rule_broken("stack.overflow", "the kernel stack of %d bytes is used up at %s", STACK_LIMIT, place);
    }
    rule_broken("memory.fault", "%s touched address %p, which is not there", place, address);
}

/* The IRQL is CR8 on amd64: KeRaiseIrql and KeLowerIrql are moves from and to it, which a user program may not make. */
static bool emulate_cr8(greg_t *gregs)
{
#if defined(__x86_64__)
    const uint8_t *code = (const uint8_t *)gregs[REG_IP];
    if (image_at((uintptr_t)code) == NULL || (code[0] & 0xfe) != 0x44 || code[1] != 0x0f ||
        (code[2] != 0x20 && code[2] != 0x22) || (code[3] & 0xf8) != 0xc0) {
        return false;
    }
    greg_t *gpr = &gregs[gpr_of[(code[3] & 7) + (code[0] & 1) * 8]];
    if (code[2] == 0x20) {
        *gpr = (greg_t)cpu_irql;
    } else if ((uint64_t)*gpr > 15) {
        rule_broken("irql.value", "the IRQL is set to %#llx", (unsigned long long)*gpr);
    } else {
        cpu_irql = (unsigned)*gpr;
    }
    gregs[REG_IP] += 4;
    return true;
#else
    (void)gregs;
    return false;
#endif
}

static void on_segv(int signal_number, siginfo_t *info, void *context)
{
    greg_t *gregs = ((ucontext_t *)context)->uc_mcontext.gregs;
    struct window *w = window_at(info->si_addr);
    (void)signal_number;
    if (info->si_addr == NULL && emulate_cr8(gregs)) {
        return;
    }
    if (w == NULL || step.pass != 0 || image_at((uintptr_t)gregs[REG_IP]) == NULL) {
        report_fault(gregs, info->si_addr);
    }
    crossing.stack_pointer = (uintptr_t)gregs[GPR_STACK];
    if (!emulate(gregs, info->si_addr)) {
        begin_step(gregs, w, info->si_addr);
    }
}

static void on_trap(int signal_number, siginfo_t *info, void *context)
{
    greg_t *gregs = ((ucontext_t *)context)->uc_mcontext.gregs;
    (void)signal_number;
    (void)info;
    if (step.pass == 0) {
        report_fault(gregs, (const void *)(uintptr_t)gregs[REG_IP]);
    }
    memcpy(step.after[step.pass - 1], gregs, sizeof step.before);
    memcpy(step.shadow[step.pass - 1], step.at, SHADOW);
    if (step.pass == 1) {
        begin_pass(gregs, 2);
    } else {
        end_step(gregs);
    }
}

void mmio_init(const struct mmio_bus *bus)
{
    static uint8_t handler_stack[512 * 1024];
    stack_t alternate = {.ss_sp = handler_stack, .ss_size = sizeof handler_stack};
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK};
    device_bus = *bus;
    sigemptyset(&action.sa_mask);
    action.sa_sigaction = on_segv;
    if (sigaltstack(&alternate, NULL) != 0 || sigaction(SIGSEGV, &action, NULL) != 0 ||
        sigaction(SIGBUS, &action, NULL) != 0) {
        host_fatal("no signal handlers to be had");
    }
    action.sa_sigaction = on_trap;
    sigaction(SIGTRAP, &action, NULL);
}

void *mmio_map(uint64_t address, size_t length)
{
    size_t slack = address % PAGE, pages = (slack + length + PAGE - 1) / PAGE * PAGE;
    for (int i = 0; i < MAX_WINDOWS; i++) {
        if (!window[i].in_use) {
            uint8_t *va = mmap(NULL, pages + PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (va == MAP_FAILED) {
                return NULL;
            }
            window[i] = (struct window){.va = va + slack, .length = length, .address = address, .in_use = true};
            return va + slack;
        }
    }
    return NULL;
}

bool mmio_unmap(void *mapping)
{
    struct window *w = window_at(mapping);
    if (w == NULL || w->va != mapping) {
        return false;
    }
    munmap(page_of(w->va), (w->address % PAGE + w->length + PAGE - 1) / PAGE * PAGE + PAGE);
    w->in_use = false;
    return true;
}

unsigned mmio_mapped(void)
{
    unsigned count = 0;
    for (int i = 0; i < MAX_WINDOWS; i++) {
        count += window[i].in_use;
    }
    return count;
}
