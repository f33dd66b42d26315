# nascent_add_plugin(<alias> KIND <kind> SOURCES <files...> [LIBRARIES <targets...>])
#
# Builds one plugin: a shared library nascent-<alias> that exports the entry symbol of the ABI and nothing else.
# Other symbols, also weak ones of the C++ library, stay local (version script), so that no plugin can bind another's.
# Installed to lib/nascent/plugins, unless NASCENT_INSTALL_PLUGINS is set to OFF, with its manifest: the file beside the
# library that lets it be listed without being loaded. Outside nascent's own tree the build writes it.

function(nascent_add_plugin alias)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "KIND" "SOURCES;LIBRARIES")
  set(kinds space sampler scheduler dataset trainer compressor evaluator)
  if(NOT arg_KIND IN_LIST kinds)
    message(FATAL_ERROR "nascent_add_plugin(${alias}): KIND is '${arg_KIND}'; it must be one of: ${kinds}")
  endif()
  if(NOT arg_SOURCES)
    message(FATAL_ERROR "nascent_add_plugin(${alias}): SOURCES is empty; name at least one file")
  endif()

  set(target nascent-${alias})
  add_library(${target} MODULE ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE nascent::sdk ${arg_LIBRARIES})
  if(TARGET nascent_warnings)
    target_link_libraries(${target} PRIVATE nascent_warnings)
  endif()
  set_target_properties(${target} PROPERTIES
    PREFIX "" CXX_VISIBILITY_PRESET hidden C_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    POSITION_INDEPENDENT_CODE ON NASCENT_KIND ${arg_KIND})
  if(DEFINED NASCENT_PLUGIN_OUTPUT_DIRECTORY)
    set_target_properties(${target} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${NASCENT_PLUGIN_OUTPUT_DIRECTORY}
      RUNTIME_OUTPUT_DIRECTORY ${NASCENT_PLUGIN_OUTPUT_DIRECTORY})
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fno-gnu-unique>)
  endif()
  if(WIN32)
    target_link_options(${target} PRIVATE -static)
  else()
    set(script ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.version)
    target_link_options(${target} PRIVATE -Wl,--version-script=${script} -Wl,--no-undefined -Wl,-z,noexecstack)
    set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${script})
  endif()
  set_property(GLOBAL APPEND PROPERTY NASCENT_PLUGINS ${target})

  if(DEFINED NASCENT_INSTALL_PLUGINS AND NOT NASCENT_INSTALL_PLUGINS)
    return()
  endif()
  include(GNUInstallDirs)
  set(manifest $<TARGET_FILE_DIR:${target}>/${target}.nascent.json)
  install(TARGETS ${target} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/nascent/plugins
                            RUNTIME DESTINATION ${CMAKE_INSTALL_LIBDIR}/nascent/plugins)
  if(NOT CMAKE_CROSSCOMPILING)
    install(FILES ${manifest} DESTINATION ${CMAKE_INSTALL_LIBDIR}/nascent/plugins)
    if(TARGET nascent::nascent)
      add_custom_command(TARGET ${target} POST_BUILD
        COMMAND nascent::nascent plugin manifest $<TARGET_FILE:${target}> VERBATIM)
    endif()
  endif()
endfunction()
