# SPDX-License-Identifier: Apache-2.0
# The choices made: a table at the end of configure, and build_info.h, from which `zurt info` prints
# the same table. The header is in ${ZURT_GENERATED_DIR}.
set(ZURT_GENERATED_DIR ${PROJECT_BINARY_DIR}/generated)

set(ZURT_COMMIT "" CACHE STRING "Commit of the sources, for a build without their git history")
find_package(Git QUIET)
set(commit "unknown")
if(ZURT_COMMIT)
  set(commit ${ZURT_COMMIT})
elseif(GIT_FOUND)
  execute_process(COMMAND ${GIT_EXECUTABLE} -C ${PROJECT_SOURCE_DIR} rev-parse --short=12 HEAD
                  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET
                  RESULT_VARIABLE failed)
  if(failed)
    set(commit "unknown")
  endif()
endif()

set(ZURT_SUMMARY "")
function(zurt_summary_row name value)
  if("${value}" STREQUAL "")
    set(value "none")
  endif()
  list(APPEND ZURT_SUMMARY "${name}=${value}")
  set(ZURT_SUMMARY "${ZURT_SUMMARY}" PARENT_SCOPE)
endfunction()

if(BUILD_SHARED_LIBS)
  set(kind "shared")
else()
  set(kind "static")
endif()
zurt_summary_row("version" "${PROJECT_VERSION}")
zurt_summary_row("commit at configure" "${commit}")
zurt_summary_row("processor" "${CMAKE_SYSTEM_PROCESSOR}")
zurt_summary_row("compiler" "${CMAKE_C_COMPILER_ID} ${CMAKE_C_COMPILER_VERSION}")
zurt_summary_row("build type" "${CMAKE_BUILD_TYPE}")
zurt_summary_row("libraries" "${kind}")
zurt_summary_row("libzurt-compiler" "${ZURT_BUILD_COMPILER}")
zurt_summary_row("device sim" "${ZURT_SIM}")
zurt_summary_row("device of sw_emu" "${ZURT_BUILD_SWEMU}")
zurt_summary_row("command and examples" "${ZURT_BUILD_APPS}")
zurt_summary_row("tests" "${ZURT_BUILD_TESTS}")
zurt_summary_row("fuzzers" "${ZURT_BUILD_FUZZERS}")
zurt_summary_row("warnings are errors" "${ZURT_WERROR}")
zurt_summary_row("sanitizers" "${ZURT_SANITIZE}")
zurt_summary_row("XRT" "${XRT_VERSION}")
zurt_summary_row("protobuf-c" "${PROTOBUF_C_VERSION}")
zurt_summary_row("libjpeg" "${JPEG_VERSION}")
zurt_summary_row("libpng" "${PNG_VERSION}")

set(rows "")
foreach(row ${ZURT_SUMMARY})
  string(REGEX MATCH "^([^=]*)=(.*)$" row "${row}")
  string(APPEND rows "    {\"${CMAKE_MATCH_1}\", \"${CMAKE_MATCH_2}\"},\n")
endforeach()
file(CONFIGURE OUTPUT ${ZURT_GENERATED_DIR}/build_info.h CONTENT
"/* SPDX-License-Identifier: Apache-2.0 */
/* Written by ZurtSummary.cmake. */
#ifndef BUILD_INFO_H
#define BUILD_INFO_H

static const struct {
    const char *key;
    const char *value;
} zurt_build_info[] = {
@rows@};

#endif
" @ONLY)

function(zurt_print_summary)
  set(text "zurt:")
  foreach(row ${ZURT_SUMMARY})
    string(REGEX MATCH "^([^=]*)=(.*)$" row "${row}")
    set(name "${CMAKE_MATCH_1}                      ")
    string(SUBSTRING "${name}" 0 22 name)
    string(APPEND text "\n--   ${name}${CMAKE_MATCH_2}")
  endforeach()
  message(STATUS "${text}")
endfunction()
