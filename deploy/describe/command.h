// What a program's command line understands, as plain values: what manual pages and completion are
// written from.

#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace cloister::describe {

// What an option or a positional takes.
struct Value {
  enum class Kind {
    kNothing,     // a flag
    kText,        // anything
    kWords,       // one of `words`
    kFile,        // a path; possibly something else, too
    kFolder,      // a path to a folder
    kFormat,      // the name of a feed format
    kFormatFile,  // FORMAT:FILE
  };
  Kind kind = Kind::kText;
  std::vector<std::string> words;
  std::string shown;  // "FILE", "TEXT"; empty for flags and words
};

struct Option {
  std::vector<std::string> names;  // with their dashes; of a positional: its one name
  Value value;
  std::string about;
  std::string usual;        // its default, as told to users; may be empty
  std::string environment;  // the variable that it is read from; may be empty
  std::vector<std::string> excludes;
  std::vector<std::string> needs;
  bool required = false;
  bool many = false;  // takes several values
};

struct Command {
  std::string name;
  std::string about;
  std::string footer;
  std::vector<Option> options;
  std::vector<Option> positionals;
  std::vector<Command> commands;
  bool command_required = false;
  bool options_of_parent = false;  // are understood behind it, too
  bool passes_on = false;          // to another program, all of its arguments
};

// Reads what CLI11 knows of `app` and everything below it.
Command Describe(const CLI::App& app);

}  // namespace cloister::describe
