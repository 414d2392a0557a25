<?php
require '/usr/share/php/libphp-phpmailer/autoload.php';
use PHPMailer\PHPMailer\PHPMailer;
[$x,$level,$out,$pw,$tls]=$argv;
$m=new PHPMailer(true); $m->isSMTP(); $m->SMTPDebug=(int)$level; $m->Debugoutput=$out; $m->Host='127.0.0.1'; $m->Port=22525; $m->SMTPAuth=true; $m->Username='alice'; $m->Password=$pw;
$m->SMTPAutoTLS=$tls==='tls'; $m->SMTPOptions=['ssl'=>['verify_peer'=>false,'verify_peer_name'=>false,'allow_self_signed'=>true]]; $m->Helo='client.test';
$m->setFrom('a@lab.test'); $m->addAddress('bob@lab.test'); $m->Subject='t'; $m->Body="hello\n.dot\n";
try { $m->send(); } catch (Exception $e) { echo $e->getMessage(),"\n"; }
