#include "deploy/describe/bash_completion.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace cloister::describe {
namespace {

using absl::StrAppend;
using absl::StrCat;

// The command that does the work of one that is passed on: "cloister bundle create" is `create` of
// the program cloister-bundle.
const Command* PassedTo(const std::string& path, const std::vector<Program>& all) {
  const size_t last = path.rfind(' ');
  const std::string name = absl::StrReplaceAll(path.substr(0, last), {{" ", "-"}});
  for (const Program& program : all) {
    if (program.command.name != name) continue;
    for (const Command& command : program.command.commands) {
      if (command.name == path.substr(last + 1)) return &command;
    }
  }
  return nullptr;
}

// Fills the tables of one program, which are cases of functions in bash.
class Tables {
 public:
  Tables(const std::string& program, const std::vector<Program>& all,
         const std::vector<std::string>& formats)
      : program_(program), all_(all), formats_(absl::StrJoin(formats, " ")) {}

  void Add(const Command& command, const std::string& path, std::vector<Option> options) {
    if (command.passes_on) {
      const Command* other = PassedTo(StrCat(program_, " ", path), all_);
      if (other != nullptr) Add(*other, path, {});
      return;
    }
    if (!command.options_of_parent) options.clear();
    options.insert(options.begin(), command.options.begin(), command.options.end());
    AddOptions(path, options);
    AddPositionals(path, command.positionals);
    std::vector<std::string> names;
    for (const Command& below : command.commands) {
      names.push_back(below.name);
      Add(below, StrCat(path, path.empty() ? "" : " ", below.name), options);
    }
    if (!names.empty()) AddCase(StrCat("'", path, "'"), absl::StrJoin(names, " "), &commands_);
  }

  std::string Text() const {
    return StrCat(Function("commands", "$1", commands_), Function("options", "$1", options_),
                  Function("value", "$1 $2", values_),
                  Function("positional", "$1 $2", positionals_));
  }

 private:
  static void AddCase(const std::string& pattern, const std::string& reply, std::string* cases) {
    StrAppend(cases, "    ", pattern, ") REPLY='", reply, "' ;;\n");
  }

  static std::string Function(const std::string& name, const std::string& key,
                              const std::string& cases) {
    return StrCat("PROGRAM_", name, "() {\n  REPLY=\n  case \"", key, "\" in\n", cases,
                  "  esac\n}\n\n");
  }

  std::string Taken(const Option& option) const {
    switch (option.value.kind) {
      case Value::Kind::kNothing:
        return "";
      case Value::Kind::kText:
        return "text";
      case Value::Kind::kWords:
        return StrCat(option.many ? "list " : "words ", absl::StrJoin(option.value.words, " "));
      case Value::Kind::kFile:
        return "file";
      case Value::Kind::kFolder:
        return "folder";
      case Value::Kind::kFormat:
        return "format " + formats_;
      case Value::Kind::kFormatFile:
        return "source " + formats_;
    }
    return "";
  }

  void AddOptions(const std::string& path, const std::vector<Option>& options) {
    std::vector<std::string> names;
    for (const Option& option : options) {
      for (const std::string& name : option.names) {
        if (std::find(names.begin(), names.end(), name) != names.end()) continue;
        names.push_back(name);
        const std::string taken = Taken(option);
        if (!taken.empty()) AddCase(StrCat("'", path, " ", name, "'"), taken, &values_);
      }
    }
    if (!names.empty()) AddCase(StrCat("'", path, "'"), absl::StrJoin(names, " "), &options_);
  }

  void AddPositionals(const std::string& path, const std::vector<Option>& positionals) {
    for (size_t i = 0; i < positionals.size(); ++i) {
      const std::string place = positionals[i].many ? "*" : StrCat("'", i, "'");
      AddCase(StrCat("'", path, " '", place), Taken(positionals[i]), &positionals_);
    }
  }

  const std::string& program_;
  const std::vector<Program>& all_;
  const std::string formats_;
  std::string commands_;
  std::string options_;
  std::string values_;
  std::string positionals_;
};

}  // namespace

std::string BashCompletion(const Program& program, const std::vector<Program>& all,
                           const std::vector<std::string>& formats, const std::string& engine) {
  const std::string& name = program.command.name;
  Tables tables(name, all, formats);
  tables.Add(program.command, "", {});
  // Functions of one program are not to be those of another.
  const std::string function = StrCat("_", absl::StrReplaceAll(name, {{"-", "_"}}));
  const std::string body =
      absl::StrReplaceAll(StrCat(tables.Text(), engine), {{"PROGRAM_", function + "_"}});
  return StrCat("# Completes the arguments of ", name, " in bash; made from what the program ",
                "understands.\n\n", body, "\ncomplete -F ", function, "_complete ", name, "\n");
}

}  // namespace cloister::describe
