/**
 * What a board has and the Linux interpreter has not: pins. A boot file in front of the bundle replaces the pin
 * functions by ones that speak over a third pseudo-terminal: `w D10 1` for every level set, `p D10 1 50` for a
 * hardware pulse; `D9=1` sets an input, `memory` asks for the JsVars in use. The bundle itself is untouched.
 */
export const PINS_PTY = 'pins.pty';

/** Source of the boot file, in Espruino's subset. */
export const PIN_SHIM = `
(function(){
var levels={},rest="";
function send(text){Serial3.write(text+"\\n")}
global.digitalWrite=function(pin,level){levels[pin]=level?1:0;send("w "+pin+" "+levels[pin])};
global.digitalRead=function(pin){return levels[pin]||0};
global.digitalPulse=function(pin,level,ms){send("p "+pin+" "+(level?1:0)+" "+ms)};
global.pinMode=function(){};
function take(line){
if(line=="memory"){var m=process.memory();send("m "+m.usage+" "+m.total)}
else{var parts=line.split("=");levels[parts[0]]=+parts[1]}
}
Serial3.on("data",function(data){
var lines=(rest+data).split("\\n");
rest=lines.pop();
lines.forEach(take)
});
Serial3.setup(115200,{path:"${PINS_PTY}"});
send("boot")
})();
`;
