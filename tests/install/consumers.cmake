# Builds and tests, against the installation in PREFIX and in one project to save time: a new plugin of every kind, the
# README's sampler, and a program that embeds the search.
file(REMOVE_RECURSE ${FOLDER})
file(MAKE_DIRECTORY ${FOLDER})

# One ```cpp block of a page that begins with `first_line`, of at most `lines_max` lines.
function(extract page first_line lines_max output)
  file(READ ${page} text)
  string(FIND "${text}" "```cpp\n${first_line}\n" begin)
  if(begin EQUAL -1)
    message(FATAL_ERROR "${page} has no cpp block that begins with ${first_line}")
  endif()
  string(SUBSTRING "${text}" ${begin} -1 rest)
  string(REGEX REPLACE "^```cpp\n" "" rest "${rest}")
  string(FIND "${rest}" "\n```" end)
  string(SUBSTRING "${rest}" 0 ${end} code)
  file(WRITE ${output} "${code}\n")
  short_enough(${output} ${lines_max} ${page})
endfunction()

function(short_enough file lines_max what)
  file(READ ${file} text)
  string(REGEX MATCHALL "\n" newlines "${text}")
  list(LENGTH newlines n_lines)
  if(n_lines GREATER lines_max)
    message(FATAL_ERROR "${what}: the program has ${n_lines} lines; at most ${lines_max} are promised")
  endif()
endfunction()

set(project "cmake_minimum_required(VERSION 3.25)\nproject(consumers LANGUAGES CXX)\nenable_testing()\n")
foreach(kind space sampler scheduler dataset trainer compressor evaluator)
  set(name my-${kind})
  if(kind STREQUAL "sampler")
    set(name my-search)  # as the tutorial has it
  endif()
  execute_process(COMMAND ${PREFIX}/bin/nascent plugin new ${kind} ${name} --folder ${FOLDER}/${name}
    OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
  string(APPEND project "add_subdirectory(${name})\n")
endforeach()

extract(${SOURCE}/README.md "#include <nascent/sampler.hpp>" 25 ${FOLDER}/readme/sampler.cpp)
file(WRITE ${FOLDER}/readme/CMakeLists.txt [=[
find_package(nascent REQUIRED)
nascent_add_plugin(readme KIND sampler SOURCES sampler.cpp)
add_test(NAME readme_check COMMAND nascent::nascent plugin check $<TARGET_FILE:nascent-readme>)
]=])
string(APPEND project "add_subdirectory(readme)\n")

file(COPY ${SOURCE}/docs/examples/embedding DESTINATION ${FOLDER})
short_enough(${FOLDER}/embedding/embedding.cpp 20 docs/examples/embedding)
string(APPEND project "add_subdirectory(embedding)\nadd_test(NAME embedding COMMAND embedding)\n"
  "set_tests_properties(embedding PROPERTIES PASS_REGULAR_EXPRESSION \"best trial=.*kind=adam\")\n")
file(WRITE ${FOLDER}/CMakeLists.txt "${project}")

set(flags -O0)
if(SANITIZE)
  string(APPEND flags " -fsanitize=${SANITIZE} -fno-sanitize-recover=all")
endif()
execute_process(COMMAND ${CMAKE_COMMAND} -S ${FOLDER} -B ${FOLDER}/build -G ${GENERATOR} -DCMAKE_PREFIX_PATH=${PREFIX}
    -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER} -DCMAKE_CXX_FLAGS=${flags}
  COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${FOLDER}/build -j 2 COMMAND_ERROR_IS_FATAL ANY)
file(GLOB plugins ${PREFIX}/lib*/nascent/plugins ${PREFIX}/lib/*/nascent/plugins)
set(ENV{NASCENT_PLUGIN_PATH} ${plugins})
execute_process(COMMAND ${CTEST} --test-dir ${FOLDER}/build --output-on-failure -j 2 COMMAND_ERROR_IS_FATAL ANY)
