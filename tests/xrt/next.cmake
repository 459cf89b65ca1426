# SPDX-License-Identifier: Apache-2.0
# The tests of this folder once more with the XRT that scripts/xrt-next unpacked, through its own
# loader and C library. Not those that do without XRT (xrt.given_up, xrt.dialects) or for which that
# XRT has nothing (xrt.arm64: libxrt2 has no emulation for arm64).
set(next_tests port conf core processes faults forgotten_sync ldd strace soak xclbin_mutants)
set(why "no XRT 2.25 in ${ZURT_XRT_NEXT}: run scripts/xrt-next, then configure again")
if(ZURT_SANITIZE)
  set(next_tests all)
  set(why "the sanitizers' runtime is this system's, not that of XRT 2.25's C library")
endif()
if(NOT XRT_NEXT_LIBRARIES)
  foreach(name ${next_tests})
    add_test(NAME xrt.next.${name} COMMAND ${CMAKE_COMMAND} -E echo "skipped: ${why}")
    set_tests_properties(xrt.next.${name} PROPERTIES LABELS quick SKIP_REGULAR_EXPRESSION skipped)
  endforeach()
  return()
endif()

# The back end compiles with that XRT's headers too.
set(sources pl_xrt.c pl_xrt_api.c pl_xrt_slot.c)
list(TRANSFORM sources PREPEND ${PROJECT_SOURCE_DIR}/runtime/backend/pl/)
add_library(xrt_next_headers OBJECT ${sources})
target_compile_options(xrt_next_headers PRIVATE ${ZURT_WARNINGS})
target_compile_definitions(xrt_next_headers PRIVATE _POSIX_C_SOURCE=200809L)
target_include_directories(xrt_next_headers PRIVATE ${PROJECT_SOURCE_DIR}/runtime
                           ${PROJECT_SOURCE_DIR}/runtime/include)
target_include_directories(xrt_next_headers SYSTEM BEFORE PRIVATE ${ZURT_XRT_NEXT}/root/usr/include)

# Each program as a script that starts it through the other loader.
set(next_programs ${ZURT_NEXT_DIR}/bin)
function(next_program target name)
  file(GENERATE OUTPUT ${next_programs}/${name} CONTENT "#!/bin/sh
exec ${XRT_NEXT_LIBRARIES}/ld-linux-x86-64.so.2 --library-path ${XRT_NEXT_LIBRARIES} \\
    --argv0 ${name} $<TARGET_FILE:${target}> \"$@\"
"
       FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE)
endfunction()
foreach(target test_pl_xrt test_pl_core test_forgotten_sync xclbin_mutants soak conf_backend)
  next_program(${target} ${target})
endforeach()

set(next_environment ${environment})
list(TRANSFORM next_environment REPLACE "^ZURT_SWEMU=.*" "ZURT_SWEMU=${ZURT_NEXT_DIR}/swemu")
list(APPEND next_environment "XRT_NEXT_SWEMU=${ZURT_NEXT_DIR}/swemu"
     "XRT_NEXT_LIBRARIES=${XRT_NEXT_LIBRARIES}"
     "ZURT_PROGRAMS=${next_programs}"
     "ZURT_FILES=${ZURT_NEXT_DIR}/files")

# next_test(NAME SECONDS PROGRAM ARGUMENTS...)
function(next_test name seconds program)
  add_test(NAME xrt.next.${name}
           COMMAND ${PROJECT_SOURCE_DIR}/scripts/swemu-env --timeout ${seconds}
                   ${next_programs}/${program} ${ARGN})
  set_tests_properties(xrt.next.${name} PROPERTIES LABELS quick ENVIRONMENT "${next_environment}")
endfunction()
function(next_script_test name)
  zurt_script_test(xrt.next.${name} quick ${ARGN})
  set_tests_properties(xrt.next.${name} PROPERTIES ENVIRONMENT
                       "${ZURT_TEST_ENVIRONMENT};${next_environment}")
endfunction()

next_test(port 120 test_pl_xrt)
next_test(conf 300 conf_backend xrt)
set_tests_properties(xrt.next.conf PROPERTIES FAIL_REGULAR_EXPRESSION "xrt: skipped")
next_test(xclbin_mutants 300 xclbin_mutants 100 1 ${ZURT_SWEMU_DIR}/zurt-kv260.xclbin)
add_test(NAME xrt.next.core COMMAND ${next_programs}/test_pl_core)
set_tests_properties(xrt.next.core PROPERTIES LABELS quick ENVIRONMENT "${next_environment}")
next_script_test(processes ${CMAKE_CURRENT_SOURCE_DIR}/processes.sh ${next_programs}/test_pl_xrt)
if(TARGET zurt-cli)
  next_program(zurt-cli zurt)
  set(fixture ${PROJECT_BINARY_DIR}/tests/cli/fixture)
  next_test(forgotten_sync 120 test_forgotten_sync ${fixture}/cnn.zurt
            ${fixture}/eval-images.idx)
  next_test(soak 300 soak 300 ${fixture}/cnn.zurt)
  foreach(name faults ldd strace)
    next_script_test(${name} ${PROJECT_SOURCE_DIR}/tests/cli/run.sh
                     ${CMAKE_CURRENT_SOURCE_DIR}/${name}.sh)
  endforeach()
  set_tests_properties(xrt.next.forgotten_sync xrt.next.soak xrt.next.faults xrt.next.ldd
                       xrt.next.strace PROPERTIES FIXTURES_REQUIRED cli)
endif()
