/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The two places where C cannot say what is meant: running on another stack, and the crossing at each import, which
 * calls import_enter(entry, return address, stack pointer) with the driver's arguments left as they are.
 */
    .section .note.GNU-stack,"",@progbits
    .text

#if defined(__x86_64__)

/* void stack_switch_call(void (*body)(void *), void *argument, void *top) */
    .globl stack_switch_call
    .type stack_switch_call, @function
stack_switch_call:
    pushq %rbp
    movq %rsp, %rbp
    movq %rdx, %rsp
    andq $-16, %rsp
    movq %rdi, %rax
    movq %rsi, %rdi
    callq *%rax
    movq %rbp, %rsp
    popq %rbp
    retq

/* Behind each thunk: r11 = its struct export, whose first member is the function. import_enter has the Microsoft ABI. */
    .globl import_crossing
    .type import_crossing, @function
import_crossing:
    pushq %rcx
    pushq %rdx
    pushq %r8
    pushq %r9
    pushq %r11
    subq $32, %rsp
    movq %r11, %rcx
    movq 72(%rsp), %rdx
    leaq 72(%rsp), %r8
    callq import_enter
    addq $32, %rsp
    popq %r11
    popq %r9
    popq %r8
    popq %rdx
    popq %rcx
    jmpq *(%r11)

#else

    .globl stack_switch_call
    .type stack_switch_call, @function
stack_switch_call:
    pushl %ebp
    movl %esp, %ebp
    movl 8(%ebp), %eax
    movl 12(%ebp), %ecx
    movl 16(%ebp), %esp
    andl $-16, %esp
    subl $12, %esp
    pushl %ecx
    calll *%eax
    movl %ebp, %esp
    popl %ebp
    retl

/* Behind each thunk: the struct export lies on the stack, above it the return address. import_enter is cdecl. */
    .globl import_crossing
    .type import_crossing, @function
import_crossing:
    pushl %eax
    pushl %ecx
    pushl %edx
    pushl %ebp
    movl %esp, %ebp
    leal 20(%ebp), %eax
    movl 16(%ebp), %ecx
    movl 20(%ebp), %edx
    andl $-16, %esp
    subl $4, %esp
    pushl %eax
    pushl %edx
    pushl %ecx
    calll import_enter
    movl %ebp, %esp
    movl 16(%ebp), %eax
    movl (%eax), %eax
    movl %eax, 16(%ebp)
    popl %ebp
    popl %edx
    popl %ecx
    popl %eax
    retl

#endif
