# SPDX-License-Identifier: MIT OR Apache-2.0
# Shared by every host CMakeLists.txt, which also works alone: include(<root>/cmake/host.cmake) is its first line.
include_guard(GLOBAL)

get_filename_component(AERO_ROOT ${CMAKE_CURRENT_LIST_DIR}/.. ABSOLUTE)
# No -DNDEBUG: an assert in a test or in the NT host is a check, whatever the build type.
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
option(AERO_SANITIZE "build host tests with AddressSanitizer and UndefinedBehaviorSanitizer" OFF)

set(AERO_WARNINGS -Wall -Wextra -Werror -Wshadow -Wundef -Wstrict-prototypes -Wmissing-prototypes)
# The dialect of WDK 7.1's compiler as far as gcc and clang can hold us to it; for every portable driver source.
set(AERO_DIALECT -std=gnu90 -Wdeclaration-after-statement -Wno-long-long)
if(AERO_SANITIZE)
  set(AERO_SANITIZERS -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
endif()

# The portable folders that headers are looked up in.
set(AERO_COMMON ${AERO_ROOT}/drivers/windows/virtio/common)
set(AERO_COMMON7 ${AERO_ROOT}/drivers/windows7/virtio/common)
set(AERO_PCI ${AERO_ROOT}/drivers/windows/virtio/pci-modern)
set(AERO_PROTOCOL ${AERO_ROOT}/drivers/windows/virtio/protocol)

# aero_add_if_there(DIR): a part of the tree that may not be there yet in a sparse or older checkout.
function(aero_add_if_there dir)
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${dir}/CMakeLists.txt)
    add_subdirectory(${dir})
  endif()
endfunction()

# aero_portable_library(NAME SOURCES...): driver sources, compiled unchanged for the host in the drivers' dialect.
function(aero_portable_library name)
  if(TARGET ${name})
    return()
  endif()
  add_library(${name} STATIC ${ARGN})
  target_compile_options(${name} PRIVATE ${AERO_DIALECT} ${AERO_WARNINGS} ${AERO_SANITIZERS})
  target_include_directories(${name} PUBLIC ${AERO_COMMON} ${AERO_COMMON7}/include ${AERO_PCI}
                             ${AERO_PROTOCOL}/scsi ${AERO_PROTOCOL}/blk)
  target_link_options(${name} PUBLIC ${AERO_SANITIZERS})
endfunction()

# aero_unit_test(NAME SOURCES... LIBRARIES libs...): a cmocka program, run by `make check` (label check).
function(aero_unit_test name)
  cmake_parse_arguments(T "" "" "LIBRARIES" ${ARGN})
  add_executable(${name} ${T_UNPARSED_ARGUMENTS})
  target_compile_options(${name} PRIVATE -std=gnu11 ${AERO_WARNINGS} ${AERO_SANITIZERS})
  target_link_options(${name} PRIVATE ${AERO_SANITIZERS})
  target_link_libraries(${name} PRIVATE ${T_LIBRARIES} cmocka)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS check TIMEOUT 60)
endfunction()
