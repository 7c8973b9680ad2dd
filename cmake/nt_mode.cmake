# SPDX-License-Identifier: MIT OR Apache-2.0
# NT-facing units of a Linux program (the NT host): the same kernel headers that the drivers are compiled against.
include_guard(GLOBAL)

get_filename_component(AERO_ROOT ${CMAKE_CURRENT_LIST_DIR}/.. ABSOLUTE)
find_path(AERO_MINGW_INCLUDE ddk/ntddk.h PATHS /usr/share/mingw-w64/include REQUIRED NO_CMAKE_FIND_ROOT_PATH)
execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=include OUTPUT_VARIABLE AERO_COMPILER_INCLUDE
                OUTPUT_STRIP_TRAILING_WHITESPACE)
set(AERO_NT_MODE ${AERO_ROOT}/toolchain/nt-mode)

# aero_nt_mode(TARGET [M32]): every source of TARGET is compiled against mingw's kernel headers and drivers/windows/ddk.
function(aero_nt_mode target)
  if("M32" IN_LIST ARGN)
    set(flags i386)
  else()
    set(flags amd64)
  endif()
  target_compile_options(${target} PRIVATE @${AERO_NT_MODE}/${flags}.flags -I${AERO_NT_MODE}
                         -I${AERO_ROOT}/drivers/windows/ddk -isystem ${AERO_COMPILER_INCLUDE}
                         -isystem ${AERO_MINGW_INCLUDE} -isystem ${AERO_MINGW_INCLUDE}/ddk)
endfunction()
