#include "cli/completion.h"

#include "cli/option_facts.h"
#include "cli/program.h"

namespace reelgraph::cli {
namespace {

std::string joined(const std::vector<std::string>& words, const std::string& between = " ") {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

bool takes_file(const std::string& value) { return value.find("FILE") != std::string::npos; }
bool takes_folder(const std::string& value) { return value == "DIR" || value == "ARCHIVE.reel"; }

/// In single quotes of a shell.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// What may follow an option's name, as a branch of bash's `case`.
std::string bash_values(const std::string& pattern, const OptionFacts& option) {
  if (option.value.empty()) return {};
  std::string action = "COMPREPLY=()";
  if (!option.choices.empty())
    action = "COMPREPLY=($(compgen -W " + quoted(joined(option.choices)) + " -- \"$cur\"))";
  else if (takes_folder(option.value))
    action = "COMPREPLY=($(compgen -d -- \"$cur\"))";
  else if (takes_file(option.value))
    action = "COMPREPLY=($(compgen -f -- \"$cur\"))";
  else if (option.value == "VIDEO")
    action = "_reelgraph_videos";
  std::string names;
  for (const std::string& name : option.names) names += (names.empty() ? "" : "|") + pattern + name;
  return "    " + names + ") " + action + "; return ;;\n";
}

/// One of zsh's `_arguments` specifications for each name.
std::string zsh_option(const OptionFacts& option) {
  std::string text, description;
  for (const char c : option.description) description += c == '[' || c == ']' || c == ':' ? std::string("\\") + c : std::string(1, c);
  std::string action;
  if (!option.value.empty()) {
    action = ":" + option.value + ":";
    if (!option.choices.empty())
      action += "(" + joined(option.choices) + ")";
    else if (takes_folder(option.value))
      action += "_directories";
    else if (takes_file(option.value))
      action += "_files";
    else
      action += " ";
  }
  for (const std::string& name : option.names) text += "      " + quoted("*" + name + "[" + description + "]" + action) + " \\\n";
  return text;
}

}  // namespace

std::string bash_completion(const Program& program) {
  const std::vector<OptionFacts> globals = options_of(program.root());
  std::vector<std::string> commands, global_names, with_value;
  for (const OptionFacts& option : globals) {
    global_names.insert(global_names.end(), option.names.begin(), option.names.end());
    if (!option.value.empty()) with_value.insert(with_value.end(), option.names.begin(), option.names.end());
  }
  for (const CLI::App* command : program.commands()) commands.push_back(command->get_name());

  std::string text = "# bash completion of reelgraph: source <(reelgraph completion bash)\n";
  text +=
      "_reelgraph_videos() {\n"
      "  local IFS=$'\\n' archive=()\n"
      "  [[ -n $_reelgraph_archive ]] && archive=(-a \"$_reelgraph_archive\")\n"
      "  COMPREPLY=($(compgen -W \"$(\"${COMP_WORDS[0]}\" \"${archive[@]}\" --json info 2>/dev/null | sed -n 's/^      \"id\": "
      "\"\\(.*\\)\",$/\\1/p')\" -- \"$cur\"))\n"
      "}\n";
  text +=
      "_reelgraph() {\n  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= word i _reelgraph_archive=\n  "
      "COMPREPLY=()\n";
  text += "  for ((i = 1; i < COMP_CWORD; i++)); do\n    word=${COMP_WORDS[i]}\n    case $word in\n";
  text += "      -a|--archive) ((++i < COMP_CWORD)) && _reelgraph_archive=${COMP_WORDS[i]} ;;\n";
  text += "      -*) ;;\n      *) [[ -z $command ]] && command=$word ;;\n    esac\n  done\n";
  text += "  case $command:$prev in\n";
  for (const OptionFacts& option : globals) text += bash_values("*:", option);
  for (const CLI::App* command : program.commands()) {
    for (const OptionFacts& option : options_with_subcommands(*command)) {
      if (!option.names.empty()) text += bash_values(command->get_name() + ":", option);
    }
  }
  text += "  esac\n  case $command in\n    '') COMPREPLY=($(compgen -W " + quoted(joined(commands) + " " + joined(global_names)) +
          " -- \"$cur\")) ;;\n";
  for (const CLI::App* command : program.commands()) {
    std::vector<std::string> names = global_names, words;
    for (const OptionFacts& option : options_with_subcommands(*command)) {
      names.insert(names.end(), option.names.begin(), option.names.end());
      if (option.names.empty()) words.insert(words.end(), option.choices.begin(), option.choices.end());
    }
    text += "    " + command->get_name() + ")\n      if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W " + quoted(joined(names)) +
            " -- \"$cur\"))\n      else COMPREPLY=($(compgen -f -- \"$cur\")" +
            (words.empty() ? "" : " $(compgen -W " + quoted(joined(words)) + " -- \"$cur\")") + "); fi ;;\n";
  }
  text += "  esac\n}\ncomplete -o filenames -o bashdefault -F _reelgraph reelgraph\n";
  return text;
}

std::string zsh_completion(const Program& program) {
  std::string text =
      "#compdef reelgraph\n# zsh completion of reelgraph: reelgraph completion zsh > a folder of $fpath/_reelgraph\n_reelgraph() {\n  "
      "local -a commands\n  local command= i\n  commands=(\n";
  for (const CLI::App* command : program.commands()) text += "    " + quoted(command->get_name() + ":" + command->get_description()) + "\n";
  text +=
      "  )\n  for ((i = 2; i < CURRENT; i++)); do\n    case ${words[i]} in\n      -a|--archive) ((i++)) ;;\n      -*) ;;\n      *) "
      "command=${words[i]}; break ;;\n    esac\n  done\n";
  std::string globals;
  for (const OptionFacts& option : options_of(program.root())) globals += zsh_option(option);
  text += "  case $command in\n    '')\n      _arguments \\\n" + globals + "      '1:command:{_describe command commands}' ;;\n";
  for (const CLI::App* command : program.commands()) {
    std::string options;
    std::vector<std::string> words;
    for (const OptionFacts& option : options_with_subcommands(*command)) {
      options += zsh_option(option);
      if (option.names.empty()) words.insert(words.end(), option.choices.begin(), option.choices.end());
    }
    text += "    " + command->get_name() + ")\n      _arguments \\\n" + globals + options +
            "      '*:argument:" + (words.empty() ? "_files" : "(" + joined(words) + ")") + "' ;;\n";
  }
  text += "  esac\n}\nif [[ $funcstack[1] == _reelgraph ]]; then _reelgraph \"$@\"; else compdef _reelgraph reelgraph; fi\n";
  return text;
}

}  // namespace reelgraph::cli
